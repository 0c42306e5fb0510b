-- The operations on one resource: asked for by writes to what is being written or deleted.
CREATE INDEX operations_by_resource ON operations (resource_key, started);
