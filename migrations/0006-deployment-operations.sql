-- A deployment's operations in rows of their own: each step of its progress writes the operations that it has changed.
CREATE TABLE deployment_operations (
  deployment TEXT NOT NULL,          -- key of the deployment
  position INTEGER NOT NULL,         -- order in which the operations of its last run began, from 0
  document TEXT NOT NULL,            -- JSON: the operation as a GET shows it
  PRIMARY KEY (deployment, position)
) STRICT, WITHOUT ROWID;

INSERT INTO deployment_operations (deployment, position, document)
  SELECT deployments.key, one.key, one.value FROM deployments, json_each(deployments.operations) AS one;
ALTER TABLE deployments DROP COLUMN operations;
