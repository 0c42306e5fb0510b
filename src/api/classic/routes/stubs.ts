/** What clients ask for on their way to a load balancer: images, storage, gateways. Nothing of it is kept. */
import type { ClassicCall, ClassicOperation, ClassicReply } from '../call.js';
import { OsImage } from '../contracts/subscription.js';
import { perform } from '../documents.js';
import { locations } from '../locations.js';
import { documentOf } from '../xml/contract.js';
import { writeRoot } from '../xml/xml.js';

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

/** Lists that are always empty: operation, path, and the root element of the answer. */
const emptyLists: readonly (readonly [name: string, path: string, root: string])[] = [
  ['List OS Images', 'services/images', 'Images'],
  ['List VM Images', 'services/vmimages', 'VMImages'],
  ['List Disks', 'services/disks', 'Disks'],
  ['List Storage Accounts', 'services/storageservices', 'StorageServices'],
  ['List Affinity Groups', 'affinitygroups', 'AffinityGroups'],
  ['List Operating Systems', 'operatingsystems', 'OperatingSystems'],
  ['List Operating System Families', 'operatingsystemfamilies', 'OperatingSystemFamilies'],
  ['List Available Extensions', 'services/extensions', 'ExtensionImages'],
  ['List Resource Extensions', 'services/resourceextensions', 'ResourceExtensions'],
  ['List Network Security Groups', 'services/networking/networksecuritygroups', 'NetworkSecurityGroups'],
  ['List Route Tables', 'services/networking/routetables', 'RouteTables'],
  ['List Virtual Network Gateways', 'services/networking/virtualnetworkgateways', 'VirtualNetworkGateways'],
  ['List Local Network Gateways', 'services/networking/localnetworkgateways', 'LocalNetworkGateways'],
];

export const stubOperations: readonly ClassicOperation[] = [
  ...emptyLists.map(([name, path, root]): ClassicOperation => {
    const handle = (): ClassicReply => ({ status: 200, body: writeRoot(root, '') });
    return { name, method: 'GET', path, since, handle };
  }),
  { name: 'Get OS Image', method: 'GET', path: 'services/images/{image}', since, handle: getImage },
  { name: 'Register Resource Provider', method: 'PUT', path: 'services', since, handle: register },
];
