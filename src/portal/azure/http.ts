/** Requests to the server that this page came from: base address, token, Azure's errors. */

/** An error as Azure answers it. `target` names the member that is wrong, where Azure says so. */
export interface AzureErrorBody {
  readonly code: string;
  readonly message: string;
  readonly target?: string | null;
  readonly details?: readonly AzureErrorBody[];
}

/** What a request that failed throws. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  constructor(
    readonly status: number,
    readonly error: AzureErrorBody,
    readonly request: { readonly method: string; readonly url: string },
    /** What was answered, as it was. */
    readonly body: unknown = { error },
  ) {
    super(error.message);
  }
}

/** A request as a form shows it before it is sent. */
export interface PlannedRequest {
  readonly method: string;
  /** Path and query, without scheme and host. */
  readonly url: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer<T = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

const tokenKey = 'lazurite.token';

/** The token of this session; a link of `lazurite env` brings it in its fragment. */
export function currentToken(): string | null {
  const given = /^#token=(.+)$/.exec(location.hash);
  if (given?.[1]) {
    sessionStorage.setItem(tokenKey, decodeURIComponent(given[1]));
    history.replaceState(null, '', location.pathname + location.search);
  }
  return sessionStorage.getItem(tokenKey);
}

export function setToken(token: string): void {
  sessionStorage.setItem(tokenKey, token);
}

/** Called when the server asks for a token. */
let onUnauthorized: () => void = () => {};
export function whenUnauthorized(listener: () => void): void {
  onUnauthorized = listener;
}

/** The error of an answer: ARM's JSON, or the XML of the classic API. */
export function errorOf(status: number, body: unknown, text: string): AzureErrorBody {
  const error = (body as { error?: AzureErrorBody } | null)?.error;
  if (error?.code) return error;
  const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1];
  const message = /<Message>([^<]*)<\/Message>/.exec(text)?.[1];
  return { code: code ?? `HTTP ${status}`, message: message ?? (text.slice(0, 500) || 'No text was answered.') };
}

/**
 * Sends a request. JSON bodies and answers; XML is given and returned as text. Throws `RequestError` from 400 up, and another
 * error when there is no answer.
 */
export async function send<T = unknown>(request: PlannedRequest): Promise<Answer<T>> {
  const { method, url, body, headers } = request;
  const token = currentToken();
  const response = await fetch(url, {
    method,
    headers: {
      ...(body === undefined || typeof body === 'string' ? {} : { 'content-type': 'application/json' }),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  }).catch(({ message }: Error) => {
    throw new Error(
      `Lazurite does not answer at ${location.origin}: ${message}. Start it again, or wait until it is back.`,
    );
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
  const parsed: unknown = isJson ? JSON.parse(text) : text;
  if (response.status >= 400) {
    if (response.status === 401) {
      // It was sent before the token was given.
      if (currentToken() !== token) return send(request);
      onUnauthorized();
    }
    throw new RequestError(response.status, errorOf(response.status, parsed, text), { method, url }, parsed);
  }
  return { status: response.status, headers: response.headers, body: parsed as T };
}

/** GET of a JSON document. */
export const getJson = async <T>(url: string): Promise<T> => (await send<T>({ method: 'GET', url })).body;
