/** What clients ask for on their way to a load balancer: images, storage, affinity groups. Nothing of it is kept. */
import type { ClassicCall, ClassicOperation, ClassicReply } from '../call.js';
import { OsImage } from '../contracts/subscription.js';
import { perform } from '../documents.js';
import { locations } from '../locations.js';
import { documentOf } from '../xml/contract.js';
import { writeRoot } from '../xml/xml.js';

const empty = (root: string) => (): ClassicReply => ({ status: 200, body: writeRoot(root, '') });

/** Every image exists, so that any name in a script works; the name tells its operating system. */
function getImage(call: ClassicCall): ClassicReply {
  const Name = call.parameter('image');
  return call.reply(documentOf(OsImage), {
    Category: 'Public',
    Label: Name,
    Location: locations.join(';'),
    LogicalSizeInGB: 30,
    Name,
    OS: /win/i.test(Name) ? 'Windows' : 'Linux',
  });
}

/** Registering a resource provider: all of them are. */
const register = (call: ClassicCall): Promise<ClassicReply> =>
  perform(call, { reply: { status: 200 }, work: () => {} });

const since = '2009-10-01';

export const stubOperations: readonly ClassicOperation[] = [
  { name: 'List OS Images', method: 'GET', path: 'services/images', since, handle: empty('Images') },
  { name: 'Get OS Image', method: 'GET', path: 'services/images/{image}', since, handle: getImage },
  { name: 'List VM Images', method: 'GET', path: 'services/vmimages', since, handle: empty('VMImages') },
  { name: 'List Disks', method: 'GET', path: 'services/disks', since, handle: empty('Disks') },
  {
    name: 'List Storage Accounts',
    method: 'GET',
    path: 'services/storageservices',
    since,
    handle: empty('StorageServices'),
  },
  { name: 'List Affinity Groups', method: 'GET', path: 'affinitygroups', since, handle: empty('AffinityGroups') },
  { name: 'Register Resource Provider', method: 'PUT', path: 'services', since, handle: register },
];
