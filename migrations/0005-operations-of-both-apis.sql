-- Operations of Azure Resource Manager and of the classic Service Management API in one table. Classic ones were
-- documents of the kind 'operation' before.
ALTER TABLE operations RENAME TO arm_operations;
DROP INDEX operations_by_start;

CREATE TABLE operations (
  sequence INTEGER PRIMARY KEY,      -- order in which they were accepted
  id TEXT NOT NULL UNIQUE,           -- arm: GUID, or the encoded job of a resource group deletion; classic: request id
  api TEXT NOT NULL,                 -- arm or classic
  subscription TEXT NOT NULL,        -- folded GUID
  name TEXT NOT NULL,                -- PutLoadBalancerOperation; classic: Update Load-Balanced Endpoint Set
  resource_key TEXT NOT NULL,        -- folded id of what it works on; classic: path below the subscription
  status TEXT NOT NULL,              -- InProgress, Succeeded, Failed, Canceled
  started REAL NOT NULL,             -- Azure time, milliseconds since 1970
  visible REAL,                      -- Azure time from which the status is shown, InProgress until then; NULL: at once
  result TEXT,                       -- JSON body that operationResults answers; NULL for none
  error TEXT                         -- JSON error of a failed operation
) STRICT;
CREATE INDEX operations_by_start ON operations (started);
CREATE INDEX classic_operations ON operations (sequence) WHERE api = 'classic';

INSERT INTO operations (id, api, subscription, name, resource_key, status, started, visible, result, error)
  SELECT id, 'arm', subscription, name, resource_key, status, started, NULL, result, error
  FROM arm_operations ORDER BY started;
INSERT INTO operations (id, api, subscription, name, resource_key, status, started, visible, result, error)
  SELECT name, 'classic', subscription, '', '',
    CASE WHEN json_extract(document, '$.failure') IS NULL THEN 'Succeeded' ELSE 'Failed' END,
    json_extract(document, '$.startedMs'), json_extract(document, '$.finishMs'), NULL,
    json_extract(document, '$.failure')
  FROM classic_documents WHERE kind = 'operation' ORDER BY sequence;
DELETE FROM classic_documents WHERE kind = 'operation';
DROP TABLE arm_operations;
