/**
 * Deployments of either kind: reading, deleting, creating those of virtual machines, and internal load balancers. Imitates
 * "Operations on Deployments" and "Operations on Load Balancers".
 */
import { azureError } from '../../../errors/index.js';
import {
  addDnsServer,
  asVmDeployment,
  createVmDeployment,
  deleteDnsServer,
  disassociate,
  type MigrationStep,
  migrated,
  updateDnsServer,
} from '../../../resources/Microsoft.ClassicCompute/deployments.js';
import { additionalVip, addVip, deleteVip } from '../../../resources/Microsoft.ClassicCompute/endpoints.js';
import {
  addInternalLoadBalancer,
  deleteInternalLoadBalancer,
  updateInternalLoadBalancer,
} from '../../../resources/Microsoft.ClassicCompute/internal-load-balancers.js';
import { updateLoadBalancedSets } from '../../../resources/Microsoft.ClassicCompute/load-balanced-sets.js';
import type { ReservedIp, VmDeployment } from '../../../resources/Microsoft.ClassicCompute/types.js';
import { byNameAndSlot, type ClassicCall, type ClassicOperation, type ClassicReply } from '../call.js';
import { CreateVmDeployment, Deployment, DeploymentNetworkResource, DnsServer } from '../contracts/deployment.js';
import { LoadBalancedEndpointList, LoadBalancer } from '../contracts/networking.js';
import {
  accept,
  addDeployment,
  changeDeployment,
  findReservedIp,
  networksKey,
  readDeployment,
  reservedIpKey,
} from '../documents.js';
import { since } from '../fixed-lists.js';
import { deploymentValue } from '../render/deployment.js';
import { documentOf, listDocument } from '../xml/contract.js';
import { writeRoot } from '../xml/xml.js';
import { roleRequest } from './roles.js';

function create(call: ClassicCall): Promise<ClassicReply> {
  const request = call.body(documentOf(CreateVmDeployment));
  const { Name, DeploymentSlot = 'Production', ReservedIPName } = request;
  if (DeploymentSlot !== 'Production') {
    const values = { value: DeploymentSlot, parameter: 'DeploymentSlot', allowed: 'Production' };
    throw azureError('ClassicInvalidParameterValue', { values });
  }
  if (request.RoleList.length === 0) throw azureError('ClassicMalformedElement', { values: { type: 'Deployment' } });
  const roles = request.RoleList.map((role) => roleRequest(role));
  return accept(call, (context) => {
    const make = (reservedIp: ReservedIp | undefined) =>
      createVmDeployment(
        {
          Name,
          Label: Buffer.from(request.Label).toString('base64'),
          roles,
          VirtualNetworkName: request.VirtualNetworkName,
          dnsServers: request.Dns?.DnsServers,
          LoadBalancers: request.LoadBalancers ?? [],
          reservedIp,
        },
        context,
      );
    addDeployment(call, { slot: DeploymentSlot, name: Name, reservedIpName: ReservedIPName, make });
  });
}

function get(call: ClassicCall): ClassicReply {
  const { service, deployment } = readDeployment(call);
  const networks = call.store.classic.get(networksKey(call));
  return call.reply(documentOf(Deployment), deploymentValue(deployment, { service, networks }));
}

const remove = (call: ClassicCall): Promise<ClassicReply> => changeDeployment(call, () => undefined);

function updateLbSet(call: ClassicCall): Promise<ClassicReply> {
  const endpoints = call.body(listDocument('LoadBalancedEndpointList', LoadBalancedEndpointList));
  return changeDeployment(call, (deployment) => updateLoadBalancedSets(asVmDeployment(deployment), endpoints));
}

/** Nothing ever reboots here on its own. */
function events(call: ClassicCall): ClassicReply {
  readDeployment(call);
  return { status: 200, body: writeRoot('DeploymentEventCollection', '<RebootEvents/>') };
}

export const deploymentOperations: readonly ClassicOperation[] = [
  {
    name: 'Create Virtual Machine Deployment',
    method: 'POST',
    path: 'services/hostedservices/{service}/deployments',
    since: since.virtualMachines,
    handle: create,
  },
  ...byNameAndSlot({ name: 'Get Deployment', method: 'GET', path: '', since: '2009-10-01', handle: get }),
  ...byNameAndSlot({
    name: 'Delete Deployment',
    method: 'DELETE',
    path: '',
    mediaOption: true,
    since: '2009-10-01',
    handle: remove,
  }),
  ...byNameAndSlot({
    name: 'List Deployment Events',
    method: 'GET',
    path: '/events',
    since: '2013-11-01',
    handle: events,
  }),
  ...byNameAndSlot({
    name: 'Update Load-Balanced Endpoint Set',
    method: 'POST',
    path: '',
    comp: 'UpdateLbSet',
    since: since.updateLoadBalancedSet,
    handle: updateLbSet,
  }),
];

function addLoadBalancer(call: ClassicCall): Promise<ClassicReply> {
  const request = call.body(documentOf(LoadBalancer));
  return changeDeployment(call, (deployment, context) => addInternalLoadBalancer(deployment, request, context));
}

function updateLoadBalancer(call: ClassicCall): Promise<ClassicReply> {
  const request = { ...call.body(documentOf(LoadBalancer)), Name: call.parameter('loadBalancer') };
  return changeDeployment(call, (deployment, context) => updateInternalLoadBalancer(deployment, request, context));
}

const removeLoadBalancer = (call: ClassicCall): Promise<ClassicReply> =>
  changeDeployment(call, (deployment) => deleteInternalLoadBalancer(deployment, call.parameter('loadBalancer')));

const oneDeployment = 'services/hostedservices/{service}/deployments/{deployment}';

const createVip = (call: ClassicCall): Promise<ClassicReply> =>
  changeDeployment(call, (deployment) => addVip(deployment, call.parameter('virtualIp')));

function removeVip(call: ClassicCall): Promise<ClassicReply> {
  return changeDeployment(call, (deployment) => {
    const name = call.parameter('virtualIp');
    const changed = deleteVip(deployment, name);
    const reserved = additionalVip(deployment, name)?.ReservedIPName;
    if (reserved !== undefined) {
      const key = reservedIpKey(call, reserved);
      call.store.classic.put(key, disassociate(findReservedIp(call, key)));
    }
    return changed;
  });
}

export const virtualIpOperations: readonly ClassicOperation[] = [
  {
    name: 'Add Virtual IP',
    method: 'POST',
    path: `${oneDeployment}/{virtualIp}`,
    since: since.virtualIps,
    handle: createVip,
  },
  {
    name: 'Delete Virtual IP',
    method: 'DELETE',
    path: `${oneDeployment}/virtualIPs/{virtualIp}`,
    since: since.virtualIps,
    handle: removeVip,
  },
];

const dnsServers = `${oneDeployment}/dnsservers`;
const oneDnsServer = `${dnsServers}/{dnsServer}`;

const changeDnsServers = (
  call: ClassicCall,
  change: (deployment: VmDeployment) => VmDeployment,
): Promise<ClassicReply> => changeDeployment(call, (deployment) => change(asVmDeployment(deployment)));

export const dnsServerOperations: readonly ClassicOperation[] = [
  {
    name: 'Add DNS Server',
    method: 'POST',
    path: dnsServers,
    since: since.virtualMachines,
    handle(call) {
      const server = call.body(documentOf(DnsServer));
      return changeDnsServers(call, (deployment) => addDnsServer(deployment, server));
    },
  },
  {
    name: 'Update DNS Server',
    method: 'PUT',
    path: oneDnsServer,
    since: since.virtualMachines,
    handle(call) {
      const server = { ...call.body(documentOf(DnsServer)), Name: call.parameter('dnsServer') };
      return changeDnsServers(call, (deployment) => updateDnsServer(deployment, server));
    },
  },
  {
    name: 'Delete DNS Server',
    method: 'DELETE',
    path: oneDnsServer,
    since: since.virtualMachines,
    handle: (call) => changeDnsServers(call, (deployment) => deleteDnsServer(deployment, call.parameter('dnsServer'))),
  },
];

/** What can be migrated to Resource Manager, step by step. */
interface Migration {
  /** As operations are called after it: `Deployment`. */
  readonly what: string;
  readonly path: string;
  /** Refuses a destination that is not complete; Validate and Prepare have one. */
  readonly checkDestination?: (call: ClassicCall) => void;
  /** Refuses what is not there, or cannot be migrated. */
  readonly check: (call: ClassicCall) => void;
  readonly take: (call: ClassicCall, step: MigrationStep) => Promise<ClassicReply>;
}

/** The operations of a migration. Nothing here stands in the way of one, so that there is nothing to tell about it. */
export function migrationOf({ what, path, checkDestination, check, take }: Migration): ClassicOperation[] {
  const operation = (comp: MigrationStep | 'validate', handle: ClassicOperation['handle']): ClassicOperation => ({
    name: `${comp[0]?.toUpperCase()}${comp.slice(1)} ${what} Migration`,
    method: 'POST',
    path: `${path}/migration`,
    comp,
    since: since.migration,
    handle,
  });
  return [
    operation('validate', (call) => {
      checkDestination?.(call);
      check(call);
      return { status: 200, body: writeRoot('ValidationMessages', '') };
    }),
    operation('prepare', (call) => {
      checkDestination?.(call);
      return take(call, 'prepare');
    }),
    operation('commit', (call) => take(call, 'commit')),
    operation('abort', (call) => take(call, 'abort')),
  ];
}

/** An existing virtual network must be named. */
function checkDestination(call: ClassicCall): void {
  const { DestinationVirtualNetwork, ...names } = call.body(documentOf(DeploymentNetworkResource));
  if (DestinationVirtualNetwork !== 'Existing') return;
  for (const parameter of ['ResourceGroupName', 'VirtualNetworkName', 'SubNetName'] as const) {
    if (names[parameter] === undefined) throw azureError('ClassicMissingParameterValue', { values: { parameter } });
  }
}

export const migrationOperations = migrationOf({
  what: 'Deployment',
  path: oneDeployment,
  checkDestination,
  check: (call) => void asVmDeployment(readDeployment(call).deployment),
  take: (call, step) =>
    changeDeployment(call, (deployment) => {
      const { Name, migrationState: state } = asVmDeployment(deployment);
      return { ...deployment, migrationState: migrated({ what: `deployment ${Name}`, state }, step) };
    }),
});

const loadBalancers = 'services/hostedservices/{service}/deployments/{deployment}/loadbalancers';
const oneLoadBalancer = `${loadBalancers}/{loadBalancer}`;

export const loadBalancerOperations: readonly ClassicOperation[] = [
  {
    name: 'Add Load Balancer',
    method: 'POST',
    path: loadBalancers,
    since: since.internalLoadBalancers,
    handle: addLoadBalancer,
  },
  {
    name: 'Update Load Balancer',
    method: 'PUT',
    path: oneLoadBalancer,
    since: '2014-06-01',
    handle: updateLoadBalancer,
  },
  {
    name: 'Delete Load Balancer',
    method: 'DELETE',
    path: oneLoadBalancer,
    since: since.internalLoadBalancers,
    handle: removeLoadBalancer,
  },
];
