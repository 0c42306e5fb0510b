/** Hosted services. Imitates "Operations on Cloud Services". */
import { azureError } from '../../../errors/index.js';
import { swapDeployments } from '../../../resources/Microsoft.ClassicCompute/deployments.js';
import type { ExtendedProperty } from '../../../resources/Microsoft.ClassicCompute/types.js';
import { dnsLabels } from '../../../support/ids.js';
import type { ClassicCall, ClassicOperation, ClassicReply } from '../call.js';
import {
  AvailabilityResponse,
  CreateHostedService,
  HostedService as HostedServiceContract,
  HostedServices,
  Swap,
  UpdateHostedService,
} from '../contracts/hosted-service.js';
import {
  accept,
  checkExclusiveAccess,
  deleteService,
  findReservedIp,
  findService,
  networksKey,
  perform,
  putService,
  releaseReservedIps,
  reservedIpKey,
  stamped,
  withNamedAddress,
} from '../documents.js';
import { canonicalLocation } from '../fixed-lists.js';
import { hostedServiceValue } from '../render/deployment.js';
import { documentOf, listDocument } from '../xml/contract.js';

/** A cloud service's name is a DNS name, unique over all subscriptions. */
const isTaken = (call: ClassicCall, name: string): boolean =>
  call.store.classic.list('hostedService').some(({ ServiceName }) => ServiceName.toLowerCase() === name.toLowerCase());

/** Extended properties are added or replaced by name; none is ever removed. */
function mergeProperties(
  before: readonly ExtendedProperty[],
  changes: readonly ExtendedProperty[],
): ExtendedProperty[] {
  const merged = new Map(before.map((property) => [property.Name, property]));
  for (const property of changes) merged.set(property.Name, property);
  return [...merged.values()];
}

function create(call: ClassicCall): Promise<ClassicReply> {
  const request = call.body(documentOf(CreateHostedService));
  const { ServiceName, Location, AffinityGroup } = request;
  if (!dnsLabels.cloudService.test(ServiceName)) throw azureError('ClassicInvalidServiceName');
  if ((Location === undefined) === (AffinityGroup === undefined)) {
    throw azureError('ClassicMalformedElement', { values: { type: 'CreateHostedService' } });
  }
  const headers = { Location: `${call.baseUrl}/subscriptions/${call.subscriptionId}/compute/${ServiceName}` };
  return perform(call, {
    reply: { status: 201, headers },
    work: ({ nowMs }) => {
      if (isTaken(call, ServiceName)) throw azureError('ClassicDnsNameTaken');
      putService(call, {
        subscriptionId: call.subscriptionId,
        ServiceName,
        Label: request.Label,
        Description: request.Description ?? null,
        Location: Location === undefined ? undefined : canonicalLocation(Location),
        AffinityGroup,
        ExtendedProperties: request.ExtendedProperties ?? [],
        ReverseDnsFqdn: request.ReverseDnsFqdn,
        createdMs: nowMs,
        modifiedMs: nowMs,
        deployments: [],
      });
    },
  });
}

function update(call: ClassicCall): Promise<ClassicReply> {
  const request = call.body(documentOf(UpdateHostedService));
  return perform(call, {
    reply: { status: 200 },
    work: ({ nowMs }) => {
      const service = findService(call);
      putService(call, {
        ...service,
        Label: request.Label ?? service.Label,
        Description: request.Description ?? service.Description,
        ReverseDnsFqdn: request.ReverseDnsFqdn ?? service.ReverseDnsFqdn,
        ExtendedProperties: mergeProperties(service.ExtendedProperties, request.ExtendedProperties ?? []),
        modifiedMs: nowMs,
      });
    },
  });
}

function remove(call: ClassicCall): Promise<ClassicReply> {
  if (call.query.get('comp')?.toLowerCase() !== 'media') {
    return perform(call, {
      reply: { status: 200 },
      work: () => {
        const service = findService(call);
        if (service.deployments.length > 0) {
          throw azureError('ClassicServiceHasDeployments', { values: { service: service.ServiceName } });
        }
        deleteService(call, service);
      },
    });
  }
  return accept(call, () => {
    const service = findService(call);
    for (const deployment of service.deployments) checkExclusiveAccess(call, deployment);
    releaseReservedIps(call, { service, gone: service.deployments });
    deleteService(call, service);
  });
}

function swap(call: ClassicCall): Promise<ClassicReply> {
  const { SourceDeployment } = call.body(documentOf(Swap));
  return accept(call, () => {
    const service = findService(call);
    for (const deployment of service.deployments) checkExclusiveAccess(call, deployment);
    const swapped = swapDeployments(service, SourceDeployment);
    const deployments = swapped.deployments.map((deployment) => stamped(call, withNamedAddress(deployment)));
    for (const { Name, ReservedIPName, additionalVips = [] } of deployments) {
      for (const reserved of [ReservedIPName, ...additionalVips.map((vip) => vip.ReservedIPName)]) {
        if (reserved === undefined) continue;
        const key = reservedIpKey(call, reserved);
        call.store.classic.put(key, { ...findReservedIp(call, key), DeploymentName: Name });
      }
    }
    putService(call, { ...swapped, deployments });
  });
}

const viewOf = (call: ClassicCall) => ({
  baseUrl: call.baseUrl,
  nowMs: call.clock.now(),
  networks: call.store.classic.get(networksKey(call)),
});

function list(call: ClassicCall): ClassicReply {
  const view = { ...viewOf(call), listed: true };
  const values = call.store.classic
    .list('hostedService', call.subscriptionId)
    .map((service) => hostedServiceValue(service, view));
  return call.reply(listDocument('HostedServices', HostedServices), values);
}

function get(call: ClassicCall): ClassicReply {
  const embedDetail = call.query.get('embed-detail')?.toLowerCase() === 'true';
  const value = hostedServiceValue(findService(call), { ...viewOf(call), embedDetail });
  return call.reply(documentOf(HostedServiceContract), value);
}

/** The reason that Azure gives here, which is not its refusal of such a service. */
const serviceExists = 'A hosted service with the specified name already exists.';

function isAvailable(call: ClassicCall): ClassicReply {
  const name = call.parameter('name');
  const wrong = !dnsLabels.cloudService.test(name);
  const taken = isTaken(call, name);
  const reason = wrong ? azureError('ClassicInvalidServiceName').message : serviceExists;
  const value = wrong || taken ? { Result: false, Reason: reason } : { Result: true, Reason: null };
  return call.reply(documentOf(AvailabilityResponse), value);
}

const path = 'services/hostedservices';

export const hostedServiceOperations: readonly ClassicOperation[] = [
  { name: 'Create Cloud Service', method: 'POST', path, since: '2010-10-28', handle: create },
  { name: 'List Cloud Services', method: 'GET', path, since: '2009-10-01', handle: list },
  { name: 'Get Cloud Service Properties', method: 'GET', path: `${path}/{service}`, since: '2009-10-01', handle: get },
  { name: 'Update Cloud Service', method: 'PUT', path: `${path}/{service}`, since: '2010-10-28', handle: update },
  {
    name: 'Delete Cloud Service',
    method: 'DELETE',
    path: `${path}/{service}`,
    mediaOption: true,
    since: '2010-10-28',
    handle: remove,
  },
  { name: 'Swap Deployment', method: 'POST', path: `${path}/{service}`, since: '2009-10-01', handle: swap },
  {
    name: 'Check Cloud Service Name Availability',
    method: 'GET',
    path: `${path}/operations/isavailable/{name}`,
    since: '2012-03-01',
    handle: isAvailable,
  },
];
