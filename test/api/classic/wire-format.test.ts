import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Deployment } from '../../../src/api/classic/contracts/deployment.js';
import { HostedService } from '../../../src/api/classic/contracts/hosted-service.js';
import { ReservedIp, ReservedIps } from '../../../src/api/classic/contracts/networking.js';
import { PersistentVmRole } from '../../../src/api/classic/contracts/role.js';
import { ErrorDocument, Locations, Operation } from '../../../src/api/classic/contracts/subscription.js';
import {
  type DocumentType,
  documentOf,
  listDocument,
  readDocument,
  writeDocument,
} from '../../../src/api/classic/xml/contract.js';
import { readXml } from '../../../src/api/classic/xml/xml.js';
import { readRecording } from './recording.js';

const folder = join(process.env.LAZURITE_SHARED ?? '../shared', 'classic-recordings');
const skip = existsSync(folder) ? false : `no recordings of the real service in ${folder}`;
const context = { version: '2017-01-01' };

const roundTrip =
  <T>(document: DocumentType<T>) =>
  (body: string): string =>
    writeDocument(document, readDocument(document, readXml(body), context), context);

const documents: Readonly<Record<string, (body: string) => string>> = {
  Deployment: roundTrip(documentOf(Deployment)),
  PersistentVMRole: roundTrip(documentOf(PersistentVmRole)),
  HostedService: roundTrip(documentOf(HostedService)),
  Operation: roundTrip(documentOf(Operation)),
  Error: roundTrip(documentOf(ErrorDocument)),
  Locations: roundTrip(listDocument('Locations', Locations)),
  ReservedIP: roundTrip(documentOf(ReservedIp)),
  ReservedIPs: roundTrip(listDocument('ReservedIPs', ReservedIps)),
};

/** Elements about machines, not about balancing load, which Lazurite does not return. */
const notReturned =
  /<(GuestAgentStatus|PersistentVMDowntime|ResourceExtensionStatusList|MaintenanceStatus|UpgradeStatus|ExtensionConfiguration|NetworkInterfaces|DebugSettings)(?:\/>|>.*?<\/\1>)/gs;

t.test('documents are written byte for byte as Azure writes them', { skip }, async (t) => {
  const seen = new Map<string, number>();
  for (const file of readdirSync(folder).filter((name) => name.startsWith('cli.'))) {
    for (const { responseBody: body = '' } of readRecording(join(folder, file))) {
      const root = /^<(\w+) /.exec(body)?.[1] ?? '';
      const write = documents[root];
      if (!write) continue;
      const recorded = body.replace(notReturned, '');
      const written = write(recorded);
      if (written !== recorded) t.equal(written, recorded, `${root} in ${file}`);
      seen.set(root, (seen.get(root) ?? 0) + 1);
    }
  }
  for (const [root, count] of seen) t.comment(`${root}: ${count} recorded documents`);
  t.ok([...seen.values()].reduce((sum, count) => sum + count, 0) > 300, 'hundreds of documents were compared');
});
