/** Access tokens, and the RSA key of this instance that signs them: made when first needed, kept in the data folder. */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { JWTPayload } from 'jose';
import { OwnNames, type OwnNamesOptions } from '../../http/server.js';
import { systemTime } from '../../support/clock.js';
import { ensurePrivateFolder, readIfPresent, writePrivateFile } from '../../support/files.js';
import { newGuid, stableGuid } from '../../support/ids.js';

export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

function parse(pem: string | undefined): KeyObject | undefined {
  try {
    return pem === undefined ? undefined : createPrivateKey(pem);
  } catch {
    // A damaged key cannot have signed a token that is worth keeping valid.
    return undefined;
  }
}

/** The key in `folder`, or a new one; without a folder it lives as long as the process. */
export async function loadSigningKey(
  folder: string | undefined,
  warn: (sentence: string) => void = () => {},
): Promise<SigningKey> {
  const file = folder && join(folder, 'token-key.pem');
  const text = file && readIfPresent(file);
  const kept = parse(text);
  if (text !== undefined && !kept)
    warn(`${file} is damaged: it is made anew, and earlier tokens are not valid any more`);
  if (kept) return { privateKey: kept, publicKey: createPublicKey(kept) };
  const made = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  if (folder && file) {
    ensurePrivateFolder(folder);
    writePrivateFile(file, made.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  }
  return made;
}

export interface TokenRequest {
  /** Scheme and host by which the client reached us: the issuer's. */
  readonly baseUrl: string;
  readonly tenantId: string;
  readonly audience: string;
  readonly clientId: string;
  /** How the client proved who it is: with a secret, or with a certificate or assertion. */
  readonly proof: 'secret' | 'assertion';
  readonly lifetimeSeconds: number;
}

export interface IssuedToken {
  readonly accessToken: string;
  readonly issuedAtSeconds: number;
  readonly expiresAtSeconds: number;
}

/** What a token says, or why it is refused. */
export type Verdict =
  | { readonly outcome: 'valid'; readonly claims: JWTPayload }
  | { readonly outcome: 'invalid' }
  | { readonly outcome: 'wrongAudience'; readonly audience: string }
  | { readonly outcome: 'wrongIssuer'; readonly issuer: string }
  | { readonly outcome: 'expired'; readonly expiryMs: number };

/** What tokens for Resource Manager and the classic API are asked for, beside the instance's own address. */
export const azureAudiences: readonly string[] = [
  'https://management.core.windows.net/',
  'https://management.core.windows.net',
  'https://management.azure.com/',
  'https://management.azure.com',
];

/** The GUID of the service principal of an application: the same at every start. */
export const objectIdOf = (clientId: string): string => stableGuid(`service principal ${clientId}`);

// Clients count a token's life by their own clock, so it runs in real time, whatever --time-scale says.
const realTime = (): number => systemTime.now();

async function prepare({ folder, warn }: TokenIssuerOptions) {
  const [jose, key] = await Promise.all([import('jose'), loadSigningKey(folder, warn)]);
  const publicJwk = await jose.exportJWK(key.publicKey);
  const kid = await jose.calculateJwkThumbprint(publicJwk);
  return { jose, key, kid, publicJwk: { kty: publicJwk.kty, use: 'sig', kid, n: publicJwk.n, e: publicJwk.e } };
}

/** `host` and `tlsNames` are the names under which it issues, beside localhost. */
export interface TokenIssuerOptions extends OwnNamesOptions {
  /** Where the key is kept; in memory when absent. */
  readonly folder: string | undefined;
  readonly now?: () => number;
  /** Told in a sentence that the key had to be made anew. */
  readonly warn?: (sentence: string) => void;
}

export class TokenIssuer {
  readonly now: () => number;
  readonly #options: TokenIssuerOptions;
  readonly #ownNames: OwnNames;
  #prepared: ReturnType<typeof prepare> | undefined;

  constructor(options: TokenIssuerOptions) {
    this.#options = options;
    this.#ownNames = new OwnNames(options);
    this.now = options.now ?? realTime;
  }

  /** A signed token with the claims that Azure's tools read. */
  async issue({ baseUrl, tenantId, audience, clientId, proof, lifetimeSeconds }: TokenRequest): Promise<IssuedToken> {
    const { jose, key, kid } = await this.#ready();
    const issuer = `${baseUrl}/${tenantId}/`;
    const issuedAtSeconds = Math.floor(this.now() / 1000);
    const expiresAtSeconds = issuedAtSeconds + lifetimeSeconds;
    const objectId = objectIdOf(clientId);
    const accessToken = await new jose.SignJWT({
      aud: audience,
      iss: issuer,
      iat: issuedAtSeconds,
      nbf: issuedAtSeconds,
      exp: expiresAtSeconds,
      appid: clientId,
      appidacr: proof === 'secret' ? '1' : '2',
      idp: issuer,
      idtyp: 'app',
      oid: objectId,
      sub: objectId,
      tid: tenantId,
      uti: newGuid(),
      ver: '1.0',
    })
      .setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid })
      .sign(key.privateKey);
    return { accessToken, issuedAtSeconds, expiresAtSeconds };
  }

  /** Whether this instance issued `token` under one of its names, for itself, and whether it is valid now. */
  async verify(token: string, baseUrl: string): Promise<Verdict> {
    const { jose, key } = await this.#ready();
    try {
      const { payload } = await jose.jwtVerify(token, key.publicKey, {
        algorithms: ['RS256'],
        currentDate: new Date(this.now()),
        requiredClaims: ['exp', 'tid', 'oid'],
      });
      const { aud, iss = '', tid } = payload;
      const audience = String(aud);
      const isForAzure = azureAudiences.includes(audience.toLowerCase());
      if (!isForAzure && !this.#isOwn(audience, { path: '', baseUrl })) return { outcome: 'wrongAudience', audience };
      if (!this.#isOwn(iss, { path: `/${tid}`, baseUrl })) return { outcome: 'wrongIssuer', issuer: iss };
      return { outcome: 'valid', claims: payload };
    } catch (error) {
      if (!(error instanceof jose.errors.JWTExpired)) return { outcome: 'invalid' };
      return { outcome: 'expired', expiryMs: (error.payload.exp ?? 0) * 1000 };
    }
  }

  /** Whether a URL is `path` on this instance, on any port, which may be mapped; with or without a slash at the end. */
  #isOwn(text: string, { path, baseUrl }: { path: string; baseUrl: string }): boolean {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !/^https?:$/.test(url.protocol) || url.search || url.pathname.replace(/\/$/, '') !== path) return false;
    // The request came under this name, so it is one of the instance's.
    return this.#ownNames.has(url.hostname) || url.hostname === new URL(baseUrl).hostname;
  }

  /** The key set by which others verify our tokens. */
  async keySet(): Promise<{ keys: object[] }> {
    return { keys: [(await this.#ready()).publicJwk] };
  }

  #ready(): ReturnType<typeof prepare> {
    this.#prepared ??= prepare(this.#options);
    return this.#prepared;
  }
}
