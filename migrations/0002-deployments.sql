-- Template deployments (Microsoft.Resources/deployments) of resource groups and subscriptions. Secure values are never
-- written: not those of parameters, not those of outputs, not the defaults of secure parameters in the template.

CREATE TABLE deployments (
  key TEXT PRIMARY KEY,              -- folded id
  subscription TEXT NOT NULL,        -- folded GUID
  resource_group TEXT,               -- folded name; NULL for a deployment to the subscription
  name TEXT NOT NULL,                -- as last written
  location TEXT,                     -- where a deployment to the subscription is kept; NULL in resource groups
  state TEXT NOT NULL,               -- Accepted, Running, Succeeded, Failed, Canceled
  changed TEXT NOT NULL,             -- Azure time of the last change, ISO 8601
  started TEXT NOT NULL,             -- Azure time at which the last run began, ISO 8601
  document TEXT NOT NULL,            -- JSON: the deployment as a GET shows it
  operations TEXT NOT NULL,          -- JSON array: the operations of the last run
  template TEXT NOT NULL             -- JSON: what exportTemplate shows
) STRICT, WITHOUT ROWID;
CREATE INDEX deployments_by_group ON deployments (subscription, resource_group, changed);

-- What polling a deployment answers: one row per run, so that an earlier run's URL keeps its answer.
CREATE TABLE deployment_runs (
  id TEXT PRIMARY KEY,               -- the digits at the end of …/operationStatuses/{id}
  deployment TEXT NOT NULL,          -- key of the deployment
  status TEXT NOT NULL,              -- Accepted, Running, Succeeded, Failed, Canceled
  error TEXT                         -- JSON error of a run that did not succeed
) STRICT, WITHOUT ROWID;
CREATE INDEX deployment_runs_by_deployment ON deployment_runs (deployment);
