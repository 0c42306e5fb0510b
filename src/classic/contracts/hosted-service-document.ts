/** The document of Get Cloud Service Properties, which embeds whole deployments when asked to. */
import { contract } from '../xml/contract.js';
import { listOf, optional } from '../xml/contract-types.js';
import { Deployment } from './deployment.js';
import { hostedServiceMembers } from './hosted-service.js';

export const HostedService = contract('HostedService', {
  ...hostedServiceMembers.head,
  Deployments: optional(listOf('Deployment', Deployment)),
  ...hostedServiceMembers.tail,
});

export const HostedServices = listOf('HostedService', HostedService);
