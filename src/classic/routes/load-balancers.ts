/** Internal load balancers. Imitates "Operations on Load Balancers". */
import {
  addInternalLoadBalancer,
  deleteInternalLoadBalancer,
  updateInternalLoadBalancer,
} from '../../resources/Microsoft.ClassicCompute/internal-load-balancers.js';
import type { ClassicCall, ClassicOperation, ClassicReply } from '../call.js';
import { parameter } from '../call.js';
import { LoadBalancer } from '../contracts/internal-load-balancer.js';
import { changeDeployment } from '../documents.js';
import { since } from '../versions.js';
import { documentOf } from '../xml/contract-types.js';

function add(call: ClassicCall): Promise<ClassicReply> {
  const request = call.body(documentOf(LoadBalancer));
  return changeDeployment(call, (deployment, context) => addInternalLoadBalancer(deployment, request, context));
}

function update(call: ClassicCall): Promise<ClassicReply> {
  const request = { ...call.body(documentOf(LoadBalancer)), Name: parameter(call, 'loadBalancer') };
  return changeDeployment(call, (deployment, context) => updateInternalLoadBalancer(deployment, request, context));
}

const remove = (call: ClassicCall): Promise<ClassicReply> =>
  changeDeployment(call, (deployment) => deleteInternalLoadBalancer(deployment, parameter(call, 'loadBalancer')));

const path = 'services/hostedservices/{service}/deployments/{deployment}/loadbalancers';
const one = `${path}/{loadBalancer}`;

export const loadBalancerOperations: readonly ClassicOperation[] = [
  { name: 'Add Load Balancer', method: 'POST', path, since: since.internalLoadBalancers, handle: add },
  { name: 'Update Load Balancer', method: 'PUT', path: one, since: '2014-06-01', handle: update },
  { name: 'Delete Load Balancer', method: 'DELETE', path: one, since: since.internalLoadBalancers, handle: remove },
];
