-- Resources of Azure Resource Manager and what hangs on them. Keys are folded (lower-case) ids.

-- Subscriptions that have been used; any GUID works at its first use.
CREATE TABLE subscriptions (
  id TEXT PRIMARY KEY,               -- folded GUID
  created TEXT NOT NULL              -- Azure time, ISO 8601
) STRICT, WITHOUT ROWID;

CREATE TABLE resource_groups (
  key TEXT PRIMARY KEY,              -- folded id
  subscription TEXT NOT NULL,        -- folded GUID
  name TEXT NOT NULL,                -- as first created
  location TEXT NOT NULL,            -- normalised: westeurope
  tags TEXT,                         -- JSON object, NULL when never given
  managed_by TEXT,                   -- id of the resource that manages the group
  state TEXT NOT NULL                -- provisioningState: Succeeded or Deleting
) STRICT, WITHOUT ROWID;
CREATE INDEX resource_groups_by_subscription ON resource_groups (subscription, key);

-- Top-level resources; children live inside the document of their parent.
CREATE TABLE resources (
  key TEXT PRIMARY KEY,              -- folded id
  id TEXT NOT NULL,                  -- id as first created
  type TEXT NOT NULL,                -- canonical: Microsoft.Network/loadBalancers
  subscription TEXT NOT NULL,        -- folded GUID
  resource_group TEXT NOT NULL,      -- folded name
  name TEXT NOT NULL,                -- as first created
  etag TEXT NOT NULL,                -- W/"guid", also the etag of every child
  state TEXT NOT NULL,               -- provisioningState
  document TEXT NOT NULL,            -- JSON: canonical body with defaults, nothing that can be computed
  created TEXT NOT NULL,             -- Azure time, ISO 8601
  changed TEXT NOT NULL              -- Azure time, ISO 8601
) STRICT, WITHOUT ROWID;
CREATE INDEX resources_by_type ON resources (subscription, type, resource_group, key);
CREATE INDEX resources_by_group ON resources (subscription, resource_group, key);

-- References between different top-level resources; back-references and "in use" come from here.
CREATE TABLE links (
  source_root TEXT NOT NULL,         -- folded id of the top-level resource that refers
  source_id TEXT NOT NULL,           -- id of the resource or child that refers
  source_type TEXT NOT NULL,         -- its type: Microsoft.Network/networkInterfaces/ipConfigurations
  path TEXT NOT NULL,                -- member that holds the reference: subnet
  target TEXT NOT NULL,              -- folded id of what is referred to
  target_root TEXT NOT NULL,         -- folded id of the top-level resource it lies in
  PRIMARY KEY (source_root, source_id, path, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX links_by_target ON links (target_root);

-- Addresses handed out of subnets, public IP prefixes and the public pool.
CREATE TABLE addresses (
  pool TEXT NOT NULL,                -- folded id of the subnet or prefix; public/IPv4, public/IPv6
  position INTEGER NOT NULL,         -- distance from the first address of the pool's prefix
  owner TEXT NOT NULL,               -- id of the ipConfiguration, frontend or public IP address
  owner_root TEXT NOT NULL,          -- folded id of its top-level resource
  PRIMARY KEY (pool, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX addresses_by_owner ON addresses (owner_root);

-- Long-running operations.
CREATE TABLE operations (
  id TEXT PRIMARY KEY,               -- GUID, or the encoded job of a resource group deletion
  subscription TEXT NOT NULL,        -- folded GUID
  name TEXT NOT NULL,                -- PutLoadBalancerOperation
  resource_key TEXT NOT NULL,        -- folded id of what it works on
  status TEXT NOT NULL,              -- InProgress, Succeeded, Failed, Canceled
  started REAL NOT NULL,             -- Azure time, milliseconds since 1970
  result TEXT,                       -- JSON body that operationResults answers; NULL for none
  error TEXT                         -- JSON error of a failed operation
) STRICT, WITHOUT ROWID;
CREATE INDEX operations_by_start ON operations (started);
