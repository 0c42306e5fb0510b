-- Documents of the classic Service Management API: hosted services, reserved IPs, operations, certificates, networks.
CREATE TABLE classic_documents (
  sequence INTEGER PRIMARY KEY,      -- order of creation, in which lists show them
  kind TEXT NOT NULL,                -- hostedService, reservedIp, operation, certificate, networkConfiguration
  subscription TEXT NOT NULL,        -- folded GUID
  name TEXT NOT NULL,                -- folded name within the kind
  document TEXT NOT NULL             -- JSON
) STRICT;
CREATE UNIQUE INDEX classic_documents_by_name ON classic_documents (kind, subscription, name);
