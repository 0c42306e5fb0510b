/** Azure's old Node clients, connected as their users do: by certificate or token, to any base URI. */
import 'reflect-metadata';
import { createHash, KeyObject, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { AsmError, Callback, Client, Credentials, Filter } from 'azure-asm-common-types';
import type { ComputeManagementClient } from 'azure-asm-compute';
import compute from 'azure-asm-compute';
import type { ManagementClient } from 'azure-asm-mgmt';
import mgmt from 'azure-asm-mgmt';
import type { NetworkManagementClient } from 'azure-asm-network';
import network from 'azure-asm-network';
import { subscriptionId } from '../../emulator/cloud.js';

export interface AsmClients {
  readonly compute: ComputeManagementClient;
  readonly mgmt: ManagementClient;
  readonly network: NetworkManagementClient;
}

/** A self-signed certificate and its key, as people made them for the portal to upload. */
export interface ManagementCertificate {
  readonly cert: string;
  readonly key: string;
  readonly der: Buffer;
  readonly thumbprint: string;
}

export async function makeManagementCertificate(name: string): Promise<ManagementCertificate> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    signingAlgorithm: algorithm,
    keys,
  });
  const der = Buffer.from(certificate.rawData);
  return {
    cert: certificate.toString('pem'),
    key: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString(),
    der,
    thumbprint: createHash('sha1').update(der).digest('hex').toUpperCase(),
  };
}

export const certificateCredentials = ({ cert, key }: Pick<ManagementCertificate, 'cert' | 'key'>): Credentials =>
  compute.createCertificateCloudCredentials({ subscriptionId, cert, key });

/** What azure-common calls TokenCloudCredentials. */
export const tokenCredentials = (token: string): Credentials => ({
  subscriptionId,
  ...{
    signRequest(request: { headers: Record<string, string> }, callback: (error: null) => void) {
      request.headers.Authorization = `Bearer ${token}`;
      callback(null);
    },
  },
});

/** The three clients at `baseUri`; over HTTPS they trust `ca` and verify the server by it. */
export function connectAsm(
  credentials: Credentials,
  { baseUri, ca }: { baseUri: string; ca?: string | undefined },
): AsmClients {
  const trust: Filter = (options, next, callback) => next(ca === undefined ? options : { ...options, ca }, callback);
  const quickly = <C extends Client>(client: C): C => {
    client.longRunningOperationInitialTimeout = 0;
    client.longRunningOperationRetryTimeout = 0;
    return client;
  };
  return {
    compute: quickly(compute.createComputeManagementClient(credentials, baseUri, [trust])),
    mgmt: quickly(mgmt.createManagementClient(credentials, baseUri, [trust])),
    network: quickly(network.createNetworkManagementClient(credentials, baseUri, [trust])),
  };
}

/** One call of a client as a promise. */
export const ask = <T>(call: (callback: Callback<T>) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    call((error: AsmError | null, result) => (error ? reject(error) : resolve(result)));
  });

/** How a call was refused: `403 AuthenticationFailed`. */
export const refusal = <T>(call: (callback: Callback<T>) => void): Promise<string> =>
  ask(call).then(
    () => 'accepted',
    ({ statusCode, code, message }: AsmError) => (code ? `${statusCode} ${code}` : message),
  );
