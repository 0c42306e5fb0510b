/**
 * Every error Lazurite answers with: its code, HTTP status and text as Azure words it. Errors are thrown from this table
 * only. `docs/errors.md` lists the table; a test keeps table, page and tests equal.
 *
 * `{name}` in a message is filled from the values given to `azureError`.
 * Sources: Azure's answers as observed; where the text is not known, the entry says `differs`.
 */

import { channel } from 'node:diagnostics_channel';
import { adminErrors } from './admin.js';
import { classicErrors } from './classic.js';
import { classicLoadBalancingErrors } from './classic-load-balancing.js';
import { deploymentErrors } from './deployments.js';
import type { ErrorDefinition, ErrorOrigin } from './error-definition.js';
import { gatewayErrors } from './gateway.js';
import { loadBalancerErrors } from './load-balancers.js';
import { networkErrors } from './network.js';
import { virtualNetworkErrors } from './virtual-networks.js';

export type { ErrorDefinition, ErrorOrigin } from './error-definition.js';

/** One entry of an error's `details`. */
export interface ErrorDetail {
  readonly code: string;
  readonly message: string;
  readonly target?: string;
  readonly details?: readonly ErrorDetail[];
}

/** Facts about an error for programs, as `additionalInfo` shows them. */
export interface ErrorInfo {
  readonly type: string;
  readonly info: Readonly<Record<string, string | number>>;
}

/** Each error that is raised is published here; the message is the `AzureError`. */
const raised = channel('lazurite:error');

/** An error with everything that goes on the wire. */
export class AzureError extends Error {
  override readonly name = 'AzureError';
  readonly code: string;
  readonly status: number;
  readonly origin: ErrorOrigin;
  /** What of the request is refused, where Azure says so. */
  readonly target: string | undefined;
  readonly details: readonly ErrorDetail[];
  readonly additionalInfo: readonly ErrorInfo[];
  readonly headers: Readonly<Record<string, string>>;
  /** The key in the table, for the journal and the tests. */
  readonly key: string;

  constructor(
    key: string,
    definition: ErrorDefinition,
    { values = {}, details = [], additionalInfo = [], headers = {} }: AzureErrorOptions = {},
  ) {
    super(definition.message.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole)));
    this.key = key;
    this.code = definition.code ?? key;
    this.status = definition.status;
    this.origin = definition.origin;
    this.target = definition.target === undefined ? undefined : String(values[definition.target]);
    this.details = details;
    this.additionalInfo = additionalInfo;
    this.headers = headers;
    raised.publish(this);
  }

  /** The body: `{"error":{"code","message"}}`, with `details` where the network provider answers. */
  toBody(): { error: ErrorBody } {
    const { code, message, target, details, additionalInfo } = this;
    return {
      error: {
        code,
        message,
        ...(target === undefined ? {} : { target }),
        ...(this.origin === 'network' || details.length > 0 ? { details } : {}),
        ...(additionalInfo.length > 0 ? { additionalInfo } : {}),
      },
    };
  }
}

interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly target?: string;
  readonly details?: readonly ErrorDetail[];
  readonly additionalInfo?: readonly ErrorInfo[];
}

export interface AzureErrorOptions {
  readonly values?: Readonly<Record<string, string | number>>;
  readonly details?: readonly ErrorDetail[];
  readonly additionalInfo?: readonly ErrorInfo[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Every error there is. Keys are Azure's codes; where one code has several texts, the key says which. */
export const errors = {
  ...gatewayErrors,
  ...networkErrors,
  ...virtualNetworkErrors,
  ...loadBalancerErrors,
  ...classicErrors,
  ...classicLoadBalancingErrors,
  ...deploymentErrors,
  ...adminErrors,
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorKey = keyof typeof errors;

/** The error `key` with its message filled in, ready to be thrown. */
export const azureError = (key: ErrorKey, options: AzureErrorOptions = {}): AzureError =>
  new AzureError(key, errors[key], options);

/** What is answered when SQLite cannot read or write its file; undefined for any other error. */
export function storageRefusal(error: unknown): AzureError | undefined {
  const { code, message } = error as { code?: unknown; message: string };
  if (typeof code !== 'string') return undefined;
  if (code.startsWith('SQLITE_FULL')) return azureError('StorageFull');
  if (!/^SQLITE_(IOERR|READONLY|CANTOPEN|CORRUPT|NOTADB)/.test(code)) return undefined;
  return azureError('StorageUnavailable', { values: { reason: message } });
}
