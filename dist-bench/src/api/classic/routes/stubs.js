import { OsImage } from '../contracts/subscription.js';
import { accept, findService, perform } from '../documents.js';
import { locations } from '../locations.js';
import { documentOf } from '../xml/contract.js';
import { writeRoot } from '../xml/xml.js';
const empty = (root) => () => ({ status: 200, body: writeRoot(root, '') });
/** Every image exists, so that any name in a script works; the name tells its operating system. */
function getImage(call) {
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
function listServiceCertificates(call) {
    findService(call);
    return { status: 200, body: writeRoot('Certificates', '') };
}
const addServiceCertificate = (call) => accept(call, () => void findService(call));
/** Registering a resource provider: all of them are. */
const register = (call) => perform(call, { reply: { status: 200 }, work: () => { } });
const since = '2009-10-01';
const serviceCertificates = 'services/hostedservices/{service}/certificates';
export const stubOperations = [
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
    {
        name: 'List Service Certificates',
        method: 'GET',
        path: serviceCertificates,
        since,
        handle: listServiceCertificates,
    },
    { name: 'Add Service Certificate', method: 'POST', path: serviceCertificates, since, handle: addServiceCertificate },
    { name: 'Register Resource Provider', method: 'PUT', path: 'services', since, handle: register },
];
//# sourceMappingURL=stubs.js.map