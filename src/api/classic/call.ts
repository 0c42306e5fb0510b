/**
 * One classic request as its handler sees it, what it may answer, and the declaration of an operation: method, path, query
 * and the x-ms-version that brought it. Imitates "Service Management REST API Reference".
 */

import type { AddressStore } from '../../store/address-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../support/clock.js';
import { formatIpPrefix, type IpPrefix } from '../../support/ip-address.js';
import type { PackageSource } from './service-model/package.js';
import type { DocumentType } from './xml/contract.js';

/** Hands out public addresses; shared with Resource Manager's public IPs. */
export interface PublicAddressPool {
  /** An address that is neither in `taken` nor used elsewhere, or undefined when none is left. */
  allocate(taken: ReadonlySet<string>): string | undefined;
}

/** Virtual IPs of deployments out of the pool that public IP addresses of Resource Manager come from: `prefix`. */
export function sharedPublicAddresses(addresses: AddressStore, prefix: IpPrefix): PublicAddressPool {
  const pool = { pool: 'public', prefix: formatIpPrefix(prefix) };
  const ownerRoot = '/classic/virtual-ips';
  return {
    allocate(taken) {
      addresses.releaseExcept({ ...pool, ownerRoot, kept: taken });
      const claimed = addresses.claim({ ...pool, owner: ownerRoot, reserved: 4 });
      return 'address' in claimed ? claimed.address : undefined;
    },
  };
}

/** Everything that handlers need from outside. */
export interface ClassicServices {
  readonly clock: Clock;
  readonly store: Pick<Store, 'classic' | 'operations' | 'write'>;
  readonly newGuid: () => string;
  readonly publicAddresses: PublicAddressPool;
  /** CIDR for machines and internal load balancers outside a known virtual network. */
  readonly privateAddressPool: string;
  readonly packages: PackageSource;
  readonly config: {
    /** Azure milliseconds for which an asynchronous operation stays InProgress. */
    readonly operationDelayMs: number;
  };
  readonly dataPlane: {
    /** Resolves when the data plane carries what is stored of these hosted services (see `hostedServiceKey`). */
    classicChanged(services: readonly string[]): Promise<void>;
  };
}

export interface ClassicCall extends ClassicServices {
  readonly operation: ClassicOperation;
  /** The request's path, without its query. */
  readonly url: string;
  /** Aborted when the client leaves before it has its answer. */
  readonly departed: AbortSignal;
  /** Keys of the hosted services that the request has changed so far. */
  readonly changedServices: Set<string>;
  readonly subscriptionId: string;
  /** Scheme and host that the client used, for absolute URLs. */
  readonly baseUrl: string;
  /** Path parameters by name, decoded. */
  readonly path: Readonly<Record<string, string>>;
  /** A parameter of the path that matched. */
  parameter(name: string): string;
  /** Query parameters by lower-case name. */
  readonly query: ReadonlyMap<string, string>;
  readonly version: string;
  readonly requestId: string;
  readonly bodyText: string;
  /** The body, read by its data contract. */
  body<T>(document: DocumentType<T>): T;
  /** An answer with a document as its body. */
  reply<T>(document: DocumentType<T>, value: T): ClassicReply;
}

export interface ClassicReply {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type ClassicMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface ClassicOperation {
  /** The operation's name in Microsoft's reference. */
  readonly name: string;
  readonly method: ClassicMethod;
  /** Below the subscription, without slashes around: `services/hostedservices/{service}`. */
  readonly path: string;
  /** Value of `?comp=`, when it chooses the operation. */
  readonly comp?: string;
  /** `?comp=media` is accepted as an option of the operation: it deletes the disks too. */
  readonly mediaOption?: true;
  readonly since: string;
  handle(call: ClassicCall): ClassicReply | Promise<ClassicReply>;
}

const byName = 'services/hostedservices/{service}/deployments/{deployment}';
const bySlot = 'services/hostedservices/{service}/deploymentslots/{slot}';

/** `operation` under both paths; its own path is what comes after the deployment. */
export const byNameAndSlot = (operation: ClassicOperation): ClassicOperation[] =>
  [byName, bySlot].map((prefix) => ({ ...operation, path: `${prefix}${operation.path}` }));
