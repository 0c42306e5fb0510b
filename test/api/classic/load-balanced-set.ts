/** A load-balanced set of two machines that has everything a set can have, for tests of what changes one. */
import { AzureError } from '../../../src/errors/index.js';
import type {
  InputEndpoint,
  InputEndpointRequest,
  VmDeployment,
} from '../../../src/resources/Microsoft.ClassicCompute/types.js';
import { deploymentWith } from './model.js';

export const probe = {
  Path: '/health',
  Port: 8080,
  Protocol: 'http',
  IntervalInSeconds: 15,
  TimeoutInSeconds: 31,
} as const;
export const rule = { Order: 100, Action: 'permit', RemoteSubnet: '10.0.0.0/8' } as const;

/** Two machines in a set that has everything a set can have, with local ports of their own, and one endpoint apart. */
export const member = (LocalPort: number): InputEndpointRequest => ({
  LoadBalancedEndpointSetName: 'LBSet1',
  LocalPort,
  Name: 'HttpIn',
  Port: 80,
  LoadBalancerProbe: probe,
  Protocol: 'tcp',
  EnableDirectServerReturn: true,
  EndpointAcl: { Rules: [rule] },
  LoadBalancerName: 'ilb1',
  IdleTimeoutInMinutes: 15,
  LoadBalancerDistribution: 'sourceIPProtocol',
  VirtualIPName: 'vip2',
});
export const ssh: InputEndpointRequest = { LocalPort: 22, Name: 'SSH', Port: 22, Protocol: 'tcp' };
export const deployment = deploymentWith({
  loadBalancers: ['ilb1'],
  roles: { vm1: [member(8080), ssh], vm2: [member(8081)] },
});

export const endpoint = (of: VmDeployment, role: string, name = 'HttpIn'): InputEndpoint =>
  of.roles.find(({ RoleName }) => RoleName === role)?.InputEndpoints.find(({ Name }) => Name === name) as InputEndpoint;

/** The refusal's text. */
export function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof AzureError) return `${error.status} ${error.code}: ${error.message}`;
    throw error;
  }
  return 'not refused';
}

/** The first machine's endpoint in the set. */
export const before = endpoint(deployment, 'vm1');
