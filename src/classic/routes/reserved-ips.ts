/** Reserved IPs. Imitates "Operations on Reserved IP Addresses". */
import { azureError } from '../../errors.js';
import { findDeployment, withDeployment } from '../../resources/Microsoft.ClassicCompute/deployments.js';
import {
  associate,
  checkIsFree,
  disassociate,
  isUsedBy,
} from '../../resources/Microsoft.ClassicCompute/reserved-ips.js';
import type { Deployment, ReservedIp as ReservedIpDocument } from '../../resources/Microsoft.ClassicCompute/types.js';
import type { ClassicCall, ClassicOperation, ClassicReply } from '../call.js';
import { parameter } from '../call.js';
import { CreateReservedIp, ReservedIp, ReservedIpAssociation, ReservedIps } from '../contracts/reserved-ip.js';
import { findReservedIp, findService, putService, reservedIpKey, serviceKey, stamped } from '../documents.js';
import { canonicalLocation } from '../locations.js';
import { accept, checkExclusiveAccess } from '../operations.js';
import { since } from '../versions.js';
import { documentOf, listDocument } from '../xml/contract-types.js';

/** A deployment has at most one reserved address. */
function checkHasNone({ Name, ReservedIPName }: Deployment): void {
  if (ReservedIPName === undefined) return;
  throw azureError('ClassicReservedIpInUse', { values: { name: ReservedIPName, deployment: Name } });
}

function create(call: ClassicCall): Promise<ClassicReply> {
  const { Name, Label, Location, ServiceName, DeploymentName } = call.body(documentOf(CreateReservedIp));
  return accept(call, (transaction, context) => {
    if (transaction.get(reservedIpKey(call, Name))) throw azureError('ClassicNameTaken', { values: { name: Name } });
    const base = { subscriptionId: call.subscriptionId, Name, Id: context.newGuid(), Label };
    if (ServiceName === undefined || DeploymentName === undefined) {
      if (Location === undefined) throw azureError('ClassicMalformedElement', { values: { type: 'ReservedIP' } });
      const Address = context.addresses.publicAddress();
      transaction.put(reservedIpKey(call, Name), { ...base, Address, Location: canonicalLocation(Location) });
      return;
    }
    // The address that the deployment has becomes the reserved one.
    const service = findService(call, transaction, { key: serviceKey(call, ServiceName) });
    const deployment = findDeployment(service, DeploymentName);
    checkExclusiveAccess(call, { reader: transaction, deployment });
    checkHasNone(deployment);
    transaction.put(reservedIpKey(call, Name), {
      ...base,
      Address: deployment.vip,
      Location: canonicalLocation(Location ?? service.Location ?? ''),
      ServiceName: service.ServiceName,
      DeploymentName: deployment.Name,
    });
    putService(call, transaction, withDeployment(service, stamped(call, { ...deployment, ReservedIPName: Name })));
  });
}

const reservedIpValue = ({ subscriptionId, ...reservedIp }: ReservedIpDocument) => ({
  ...reservedIp,
  State: 'Created',
  ...(reservedIp.DeploymentName !== undefined && { InUse: true }),
});

function get(call: ClassicCall): ClassicReply {
  const reservedIp = call.store.read((reader) =>
    findReservedIp(reader, reservedIpKey(call, parameter(call, 'reservedIp'))),
  );
  return call.reply(documentOf(ReservedIp), reservedIpValue(reservedIp));
}

function list(call: ClassicCall): ClassicReply {
  const reservedIps = call.store.read((reader) => reader.list('reservedIp', call.subscriptionId));
  return call.reply(listDocument('ReservedIPs', ReservedIps), reservedIps.map(reservedIpValue));
}

function remove(call: ClassicCall): Promise<ClassicReply> {
  return accept(call, (transaction) => {
    const reservedIp = findReservedIp(transaction, reservedIpKey(call, parameter(call, 'reservedIp')));
    checkIsFree(reservedIp);
    transaction.delete(reservedIpKey(call, reservedIp.Name));
  });
}

function changeAssociation(call: ClassicCall, kind: 'associate' | 'disassociate'): Promise<ClassicReply> {
  const { ServiceName, DeploymentName } = call.body(documentOf(ReservedIpAssociation));
  return accept(call, (transaction, context) => {
    const reservedIp = findReservedIp(transaction, reservedIpKey(call, parameter(call, 'reservedIp')));
    const service = findService(call, transaction, { key: serviceKey(call, ServiceName) });
    const deployment = findDeployment(service, DeploymentName);
    checkExclusiveAccess(call, { reader: transaction, deployment });
    if (kind === 'associate') checkHasNone(deployment);
    const { Name, Address } = reservedIp;
    if (kind === 'disassociate' && !isUsedBy(reservedIp, { service, deployment }))
      throw azureError('ClassicResourceNotFound');
    const changed = kind === 'associate' ? associate(reservedIp, { service, deployment }) : disassociate(reservedIp);
    const address =
      kind === 'associate'
        ? { vip: Address, ReservedIPName: Name }
        : { vip: context.addresses.publicAddress(), ReservedIPName: undefined };
    transaction.put(reservedIpKey(call, Name), changed);
    putService(call, transaction, withDeployment(service, stamped(call, { ...deployment, ...address })));
  });
}

const path = 'services/networking/reservedips';
const one = `${path}/{reservedIp}`;
const arrival = since.internalLoadBalancers;

export const reservedIpOperations: readonly ClassicOperation[] = [
  { name: 'Create Reserved IP Address', method: 'POST', path, since: arrival, handle: create },
  { name: 'List Reserved IP Addresses', method: 'GET', path, since: arrival, handle: list },
  { name: 'Get Reserved IP Address', method: 'GET', path: one, since: arrival, handle: get },
  { name: 'Delete Reserved IP Address', method: 'DELETE', path: one, since: arrival, handle: remove },
  {
    name: 'Associate Reserved IP',
    method: 'POST',
    path: `${one}/operations/associate`,
    since: since.reservedIpAssociation,
    handle: (call) => changeAssociation(call, 'associate'),
  },
  {
    name: 'Disassociate Reserved IP',
    method: 'POST',
    path: `${one}/operations/disassociate`,
    since: since.reservedIpAssociation,
    handle: (call) => changeAssociation(call, 'disassociate'),
  },
];
