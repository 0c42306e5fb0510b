/**
 * Where classic documents are kept. Lazurite's SQLite store implements this; `memoryStore` does for tests. Everything is
 * synchronous, so that one transaction is one turn of the event loop.
 */
import type { HostedService, ReservedIp } from '../resources/Microsoft.ClassicCompute/types.js';

/** What an asynchronous or finished request left behind, for Get Operation Status. */
export interface OperationRecord {
  readonly subscriptionId: string;
  /** The request id: 32 hexadecimal digits. */
  readonly id: string;
  readonly startedMs: number;
  /** Azure time at which it counts as done. */
  readonly finishMs: number;
  /** Set when it failed after it had been accepted. */
  readonly failure?: { readonly status: number; readonly code: string; readonly message: string };
}

/** A management certificate. */
export interface CertificateRecord {
  readonly subscriptionId: string;
  readonly thumbprint: string;
  readonly publicKey: string;
  /** DER in base64. */
  readonly data: string;
  readonly createdMs: number;
}

/** The subscription's network configuration: the document itself, and what it says. */
export interface NetworkConfigurationRecord {
  readonly subscriptionId: string;
  readonly text: string;
  readonly sites: readonly VirtualNetworkSiteRecord[];
}

export interface VirtualNetworkSiteRecord {
  readonly Name: string;
  readonly Id: string;
  readonly Location: string | undefined;
  readonly addressPrefixes: readonly string[];
  readonly subnets: readonly { readonly Name: string; readonly AddressPrefix: string }[];
}

/** Every kind of document, by the name of its kind. All of them survive JSON. */
export interface ClassicDocuments {
  hostedService: HostedService;
  reservedIp: ReservedIp;
  operation: OperationRecord;
  certificate: CertificateRecord;
  networkConfiguration: NetworkConfigurationRecord;
}

export type ClassicKind = keyof ClassicDocuments;

/** Names compare without regard to case; the document keeps its own casing. */
export interface ClassicKey<K extends ClassicKind = ClassicKind> {
  readonly kind: K;
  readonly subscriptionId: string;
  readonly name: string;
}

export interface ClassicReader {
  get<K extends ClassicKind>(key: ClassicKey<K>): ClassicDocuments[K] | undefined;
  /** Documents of a kind in the order of their creation: of one subscription, or of all. */
  list<K extends ClassicKind>(kind: K, subscriptionId?: string): readonly ClassicDocuments[K][];
}

export interface ClassicTransaction extends ClassicReader {
  put<K extends ClassicKind>(key: ClassicKey<K>, document: ClassicDocuments[K]): void;
  /** Deletes the document; deleting what is not there is no error. */
  delete(key: ClassicKey): void;
}

export interface ClassicStore {
  read<T>(work: (reader: ClassicReader) => T): T;
  /** Runs `work` in one transaction. When it throws, nothing has happened. */
  write<T>(work: (transaction: ClassicTransaction) => T): T;
}

/** A key as text, folded as names compare. */
export const foldedKey = ({ kind, subscriptionId, name }: ClassicKey): string =>
  `${kind}/${subscriptionId}/${name}`.toLowerCase();
