/**
 * The subscription itself, its operations and its management certificates, and what clients ask of it on their way to a load
 * balancer: images, storage, gateways, of which nothing is kept. Imitates "Operations on Subscriptions".
 */
import { createHash } from 'node:crypto';
import { azureError } from '../../../errors/index.js';
import type { CertificateRecord } from '../../../resources/Microsoft.ClassicCompute/types.js';
import type { Operation as StoredOperation } from '../../../store/operation-store.js';
import type { ClassicCall, ClassicOperation, ClassicReply } from '../call.js';
import * as contracts from '../contracts/subscription.js';
import { type OperationFailure, perform } from '../documents.js';
import { locations, locationValues, roleSizeValues } from '../fixed-lists.js';
import { documentOf, listDocument } from '../xml/contract.js';
import { timestamp, writeRoot } from '../xml/xml.js';

/** Documented: a subscription has at most this many management certificates. */
const maxCertificates = 25;

function getSubscription(call: ClassicCall): ClassicReply {
  const { classic } = call.store;
  const services = classic.list('hostedService', call.subscriptionId);
  const reservedIps = classic.list('reservedIp', call.subscriptionId);
  return call.reply(documentOf(contracts.Subscription), {
    SubscriptionID: call.subscriptionId,
    SubscriptionName: 'Lazurite',
    SubscriptionStatus: 'Active',
    AccountAdminLiveEmailId: 'admin@lazurite.example',
    ServiceAdminLiveEmailId: 'admin@lazurite.example',
    MaxCoreCount: 10000,
    MaxStorageAccounts: 100,
    MaxHostedServices: 200,
    CurrentCoreCount: services.flatMap(({ deployments }) => deployments.flatMap(({ instances }) => instances)).length,
    CurrentHostedServices: services.length,
    CurrentStorageAccounts: 0,
    MaxVirtualNetworkSites: 50,
    MaxLocalNetworkSites: 50,
    MaxDnsServers: 100,
    MaxReservedIPs: 100,
    CurrentReservedIPs: reservedIps.length,
    MaxPublicIPCount: 100,
  });
}

const dashed = (id: string): string => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

function operationValue({ store, clock }: ClassicCall, operation: StoredOperation) {
  const ID = dashed(operation.id);
  if (store.operations.isRunning(operation, clock.now())) return { ID, Status: 'InProgress' };
  if (operation.status === 'Succeeded') return { ID, Status: 'Succeeded', HttpStatusCode: 200 };
  const { status, code, message } = operation.error as OperationFailure;
  return { ID, Status: 'Failed', HttpStatusCode: status, Error: { Code: code, Message: message } };
}

function getOperation(call: ClassicCall): ClassicReply {
  const id = call.parameter('id');
  const operation = call.store.operations.operation(id.replaceAll('-', '').toLowerCase());
  if (operation?.api !== 'classic' || operation.subscriptionId !== call.subscriptionId.toLowerCase())
    throw azureError('ClassicOperationNotFound', { values: { id } });
  return call.reply(documentOf(contracts.Operation), operationValue(call, operation));
}

/** A time of the query, as Azure's documentation writes it: a date, or date and time in UTC. */
function timeOf(call: ClassicCall, name: string): number {
  const text = call.query.get(name.toLowerCase()) ?? '';
  const time = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,7})?Z)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw azureError('ClassicInvalidQueryParameter');
  return time;
}

/** The writes of a period, the latest first; all of them are one page. */
function listOperations(call: ClassicCall): ClassicReply {
  const period = { fromMs: timeOf(call, 'StartTime'), toMs: timeOf(call, 'EndTime') };
  const object = call.query.get('objectidfilter')?.toLowerCase();
  const status = call.query.get('operationresultfilter')?.toLowerCase();
  const found = call.store.operations.ofSubscription({ api: 'classic', subscriptionId: call.subscriptionId }, period);
  const values = found.map((operation) => {
    const { ID, ...OperationStatus } = operationValue(call, operation);
    const completed = Math.max(operation.startedMs, operation.visibleMs ?? 0);
    return {
      OperationId: ID,
      OperationObjectId: operation.resourceKey,
      OperationName: operation.name.replace(/[^A-Za-z]/g, ''),
      OperationParameters: [],
      OperationCaller: { UsedServiceManagementApi: true },
      OperationStatus: { ID, ...OperationStatus },
      OperationStartedTime: timestamp(operation.startedMs),
      ...(OperationStatus.Status !== 'InProgress' && { OperationCompletedTime: timestamp(completed) }),
    };
  });
  const SubscriptionOperations = values.filter(
    ({ OperationObjectId, OperationStatus }) =>
      (object === undefined || OperationObjectId.toLowerCase().includes(object)) &&
      (status === undefined || OperationStatus.Status.toLowerCase() === status),
  );
  return call.reply(documentOf(contracts.SubscriptionOperationCollection), { SubscriptionOperations });
}

const certificateKey = ({ subscriptionId }: ClassicCall, name: string) =>
  ({ kind: 'certificate', subscriptionId, name }) as const;

const certificateValue = (certificate: CertificateRecord) => ({
  SubscriptionCertificatePublicKey: certificate.publicKey,
  SubscriptionCertificateThumbprint: certificate.thumbprint,
  SubscriptionCertificateData: certificate.data,
  Created: timestamp(certificate.createdMs),
});

function addCertificate(call: ClassicCall): Promise<ClassicReply> {
  const body = call.body(documentOf(contracts.SubscriptionCertificate));
  const data = body.SubscriptionCertificateData.replace(/\s/g, '');
  const der = Buffer.from(data, 'base64');
  if (der.length === 0 || der.toString('base64') !== data) throw azureError('ClassicIncorrectParameter');
  // A thumbprint is the SHA-1 of the certificate; the client's own is not believed.
  const thumbprint = createHash('sha1').update(der).digest('hex').toUpperCase();
  return perform(call, {
    reply: { status: 200 },
    work: ({ nowMs }) => {
      if (call.store.classic.list('certificate', call.subscriptionId).length >= maxCertificates) {
        throw azureError('ClassicTooManyCertificates');
      }
      call.store.classic.put(certificateKey(call, thumbprint), {
        subscriptionId: call.subscriptionId,
        thumbprint,
        publicKey: body.SubscriptionCertificatePublicKey ?? '',
        data,
        createdMs: nowMs,
      });
    },
  });
}

function listCertificates(call: ClassicCall): ClassicReply {
  const certificates = call.store.classic.list('certificate', call.subscriptionId);
  const values = certificates.map(certificateValue);
  return call.reply(listDocument('SubscriptionCertificates', contracts.SubscriptionCertificates), values);
}

function findCertificate(call: ClassicCall): CertificateRecord {
  const key = certificateKey(call, call.parameter('thumbprint'));
  const certificate = call.store.classic.get(key);
  if (!certificate) throw azureError('ClassicResourceNotFound');
  return certificate;
}

const getCertificate = (call: ClassicCall): ClassicReply =>
  call.reply(documentOf(contracts.SubscriptionCertificate), certificateValue(findCertificate(call)));

function removeCertificate(call: ClassicCall): Promise<ClassicReply> {
  const { thumbprint } = findCertificate(call);
  return perform(call, {
    reply: { status: 200 },
    work: () => call.store.classic.delete(certificateKey(call, thumbprint)),
  });
}

const listLocations = (call: ClassicCall): ClassicReply =>
  call.reply(listDocument('Locations', contracts.Locations), locationValues);

const listRoleSizes = (call: ClassicCall): ClassicReply =>
  call.reply(listDocument('RoleSizes', contracts.RoleSizes), roleSizeValues);

const certificate = 'certificates/{thumbprint}';

export const subscriptionOperations: readonly ClassicOperation[] = [
  { name: 'Get Subscription', method: 'GET', path: '', since: '2011-10-01', handle: getSubscription },
  { name: 'Get Operation Status', method: 'GET', path: 'operations/{id}', since: '2009-10-01', handle: getOperation },
  {
    name: 'List Subscription Operations',
    method: 'GET',
    path: 'operations',
    since: '2011-02-25',
    handle: listOperations,
  },
  { name: 'List Locations', method: 'GET', path: 'locations', since: '2010-10-28', handle: listLocations },
  { name: 'List Role Sizes', method: 'GET', path: 'rolesizes', since: '2013-08-01', handle: listRoleSizes },
  {
    name: 'Add Management Certificate',
    method: 'POST',
    path: 'certificates',
    since: '2012-03-01',
    handle: addCertificate,
  },
  {
    name: 'List Management Certificates',
    method: 'GET',
    path: 'certificates',
    since: '2012-03-01',
    handle: listCertificates,
  },
  { name: 'Get Management Certificate', method: 'GET', path: certificate, since: '2012-03-01', handle: getCertificate },
  {
    name: 'Delete Management Certificate',
    method: 'DELETE',
    path: certificate,
    since: '2012-03-01',
    handle: removeCertificate,
  },
];

/** Every image exists, so that any name in a script works; the name tells its operating system. */
function getImage(call: ClassicCall): ClassicReply {
  const Name = call.parameter('image');
  return call.reply(documentOf(contracts.OsImage), {
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
