-- Which load balancers refer to a network is asked at every write; how many network interfaces do must not matter.
DROP INDEX links_by_target;
CREATE INDEX links_by_target ON links (target_root, source_type);
