/** Deployments of either kind: reading, deleting, and creating those of virtual machines. Imitates "Operations on Deployments". */
import { azureError } from '../../errors.js';
import {
  asVmDeployment,
  createVmDeployment,
  withoutDeployment,
} from '../../resources/Microsoft.ClassicCompute/deployments.js';
import { updateLoadBalancedSets } from '../../resources/Microsoft.ClassicCompute/load-balanced-sets.js';
import type { ReservedIp } from '../../resources/Microsoft.ClassicCompute/types.js';
import type { ClassicCall, ClassicOperation, ClassicReply } from '../call.js';
import { CreateVmDeployment, Deployment } from '../contracts/deployment.js';
import { LoadBalancedEndpointList } from '../contracts/input-endpoint.js';
import {
  addDeployment,
  changeDeployment,
  deploymentOf,
  findService,
  networksKey,
  putService,
  readDeployment,
} from '../documents.js';
import { accept, checkExclusiveAccess } from '../operations.js';
import { deploymentValue } from '../render/deployment.js';
import { since } from '../versions.js';
import { documentOf, listDocument } from '../xml/contract-types.js';
import { writeRoot } from '../xml/writer.js';
import { byNameAndSlot } from './both.js';
import { releaseReservedIps } from './hosted-services.js';
import { roleRequest } from './role-requests.js';

function create(call: ClassicCall): Promise<ClassicReply> {
  const request = call.body(documentOf(CreateVmDeployment));
  const { Name, DeploymentSlot = 'Production', ReservedIPName } = request;
  if (DeploymentSlot !== 'Production') {
    const values = { value: DeploymentSlot, parameter: 'DeploymentSlot', allowed: 'Production' };
    throw azureError('ClassicInvalidParameterValue', { values });
  }
  if (request.RoleList.length === 0) throw azureError('ClassicMalformedElement', { values: { type: 'Deployment' } });
  const roles = request.RoleList.map((role) => roleRequest(role));
  return accept(call, (transaction, context) => {
    const make = (reservedIp: ReservedIp | undefined) =>
      createVmDeployment(
        {
          Name,
          Label: Buffer.from(request.Label).toString('base64'),
          roles,
          VirtualNetworkName: request.VirtualNetworkName,
          LoadBalancers: request.LoadBalancers ?? [],
          reservedIp,
        },
        context,
      );
    addDeployment(call, transaction, { slot: DeploymentSlot, name: Name, reservedIpName: ReservedIPName, make });
  });
}

function get(call: ClassicCall): ClassicReply {
  const { service, deployment } = readDeployment(call);
  const networks = call.store.read((reader) => reader.get(networksKey(call)));
  return call.reply(documentOf(Deployment), deploymentValue(deployment, { service, networks }));
}

function remove(call: ClassicCall): Promise<ClassicReply> {
  return accept(call, (transaction) => {
    const service = findService(call, transaction);
    const deployment = deploymentOf(call, service);
    checkExclusiveAccess(call, { reader: transaction, deployment });
    releaseReservedIps(call, transaction, { service, gone: [deployment] });
    putService(call, transaction, withoutDeployment(service, deployment));
  });
}

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
  ...byNameAndSlot({ name: 'Delete Deployment', method: 'DELETE', path: '', since: '2009-10-01', handle: remove }),
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
