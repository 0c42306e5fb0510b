-- Writes ask for operations on a resource that run or have not succeeded. The others, which are nearly all, are in no such
-- index: it would cost each write a tenth of its time.
DROP INDEX operations_by_resource;
CREATE INDEX operations_not_succeeded ON operations (resource_key) WHERE status <> 'Succeeded';
