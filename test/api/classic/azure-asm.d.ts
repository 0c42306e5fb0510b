/** As much of Azure's old Node clients as the tests use: callbacks last, XML turned into objects. */
declare module 'azure-asm-common-types' {
  export type Callback<T> = (error: AsmError | null, result: T) => void;
  export interface AsmError extends Error {
    readonly code?: string;
    readonly statusCode?: number;
  }
  export interface Credentials {
    readonly subscriptionId: string;
  }
  export interface RequestOptions {
    ca?: string;
    headers: Record<string, string>;
  }
  export type Filter = (
    options: RequestOptions,
    next: (options: RequestOptions, callback: unknown) => unknown,
    callback: unknown,
  ) => unknown;
  export interface Client {
    /** Seconds before an operation is asked about for the first time, and between the times after it; 30 by default. */
    longRunningOperationInitialTimeout: number;
    longRunningOperationRetryTimeout: number;
  }
}

declare module 'azure-asm-compute' {
  import type { Callback, Client, Credentials, Filter } from 'azure-asm-common-types';
  export interface InputEndpoint {
    readonly loadBalancedEndpointSetName?: string;
    readonly localPort?: number;
    readonly name?: string;
    readonly port?: number;
    readonly protocol?: string;
    readonly virtualIPAddress?: string;
    readonly enableDirectServerReturn?: boolean;
    readonly idleTimeoutInMinutes?: number;
    readonly loadBalancerDistribution?: string;
    readonly endpointAcl?: { readonly rules: readonly object[] };
  }
  export interface ConfigurationSet {
    readonly configurationSetType: string;
    readonly inputEndpoints?: readonly InputEndpoint[];
    readonly subnetNames?: readonly string[];
  }
  export interface Machine {
    readonly roleName: string;
    readonly roleSize: string;
    readonly configurationSets: readonly ConfigurationSet[];
  }
  export interface Deployment {
    readonly name: string;
    readonly status: string;
    readonly roleInstances: readonly { readonly instanceName: string; readonly iPAddress: string }[];
    readonly virtualIPAddresses: readonly { readonly address: string }[];
  }
  export interface OperationStatus {
    readonly status: string;
  }
  export interface HostedService {
    readonly serviceName: string;
    readonly properties: { readonly status: string; readonly location: string };
  }
  export interface ComputeManagementClient extends Client {
    readonly hostedServices: {
      checkNameAvailability(name: string, callback: Callback<{ readonly isAvailable: boolean }>): void;
      create(service: { serviceName: string; label: string; location: string }, callback: Callback<unknown>): void;
      get(name: string, callback: Callback<HostedService>): void;
      deleteMethod(name: string, callback: Callback<unknown>): void;
    };
    readonly deployments: {
      getBySlot(service: string, slot: string, callback: Callback<Deployment>): void;
      deleteByName(service: string, name: string, deleteFromStorage: boolean, callback: Callback<unknown>): void;
    };
    readonly virtualMachines: {
      createDeployment(service: string, deployment: object, callback: Callback<unknown>): void;
      create(service: string, deployment: string, machine: object, callback: Callback<unknown>): void;
      get(service: string, deployment: string, name: string, callback: Callback<Machine>): void;
      updateLoadBalancedEndpointSet(
        service: string,
        deployment: string,
        sets: { loadBalancedEndpoints: readonly InputEndpoint[] },
        callback: Callback<OperationStatus>,
      ): void;
    };
  }
  export function createComputeManagementClient(
    credentials: Credentials,
    baseUri: string,
    filters: Filter[],
  ): ComputeManagementClient;
  export function createCertificateCloudCredentials(parts: {
    subscriptionId: string;
    cert: string;
    key: string;
  }): Credentials;
}

declare module 'azure-asm-mgmt' {
  import type { Callback, Client, Credentials, Filter } from 'azure-asm-common-types';
  export interface Locations {
    readonly locations: readonly { readonly name: string }[];
  }
  export interface ManagementClient extends Client {
    readonly locations: {
      list(callback: Callback<Locations>): void;
    };
    readonly managementCertificates: {
      create(certificate: { publicKey: Buffer; thumbprint: string; data: Buffer }, callback: Callback<unknown>): void;
      list(callback: Callback<{ readonly subscriptionCertificates: readonly { readonly thumbprint: string }[] }>): void;
      deleteMethod(thumbprint: string, callback: Callback<unknown>): void;
    };
    readonly subscriptions: { get(callback: Callback<{ readonly currentHostedServices: number }>): void };
  }
  export function createManagementClient(
    credentials: Credentials,
    baseUri: string,
    filters: Filter[],
  ): ManagementClient;
}

declare module 'azure-asm-network' {
  import type { Callback, Client, Credentials, Filter } from 'azure-asm-common-types';
  export interface ReservedIp {
    readonly address: string;
  }
  export interface NetworkManagementClient extends Client {
    readonly networks: {
      setConfiguration(network: { configuration: string }, callback: Callback<unknown>): void;
      list(callback: Callback<{ readonly virtualNetworkSites: readonly { readonly name: string }[] }>): void;
    };
    readonly reservedIPs: {
      create(reserved: { name: string; label: string; location: string }, callback: Callback<unknown>): void;
      get(name: string, callback: Callback<ReservedIp>): void;
      deleteMethod(name: string, callback: Callback<unknown>): void;
    };
  }
  export function createNetworkManagementClient(
    credentials: Credentials,
    baseUri: string,
    filters: Filter[],
  ): NetworkManagementClient;
}
