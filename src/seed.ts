/** `--seed FILE`: a snapshot or an ARM template that is there when the emulator is ready. */
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { UsageError } from './config-values.js';
import { AzureError } from './errors.js';
import { defaultSubscriptionId } from './identity/tenant.js';
import type { Log } from './log.js';
import { isSnapshot } from './store/snapshot.js';

export interface SeedOptions {
  readonly file: string;
  readonly app: FastifyInstance;
  /** Whether nothing is stored yet. */
  readonly isEmpty: boolean;
  readonly restore: (document: unknown) => Promise<void>;
  readonly log: Log;
}

const apiVersion = '2021-04-01';
const groupName = 'seed';
const location = 'westeurope';
const pollEveryMs = 10;

function readSeed(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw new UsageError(`--seed cannot be read: ${(error as Error).message}`);
  }
}

/** A template may have comments, which only the deployment engine reads; a snapshot is plain JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Applies the file; throws a `UsageError` that says why it cannot. */
export async function applySeed(options: SeedOptions): Promise<void> {
  const { file, isEmpty, restore, log } = options;
  const text = readSeed(file);
  const document = parsed(text);
  if (!isSnapshot(document)) {
    if (!/\bdeploymentTemplate\.json|"resources"|'resources'/i.test(text)) {
      throw new UsageError(`--seed ${file} is neither a snapshot of Lazurite's nor an ARM template`);
    }
    await deploy(text, options);
    return;
  }
  // It would replace what the data folder has kept since the last start.
  if (!isEmpty) {
    log.info('the data folder is not empty: the snapshot was not applied', { file });
    return;
  }
  try {
    await restore(document);
  } catch (error) {
    throw error instanceof AzureError ? new UsageError(`--seed ${file}: ${error.message}`) : error;
  }
}

interface DeploymentShown {
  readonly properties?: { readonly provisioningState?: string; readonly error?: unknown };
  readonly error?: unknown;
}

/** Deploys the template to the resource group `seed`, as a client would, and waits for its end. */
async function deploy(template: string, { app, file }: SeedOptions): Promise<void> {
  const group = `/subscriptions/${defaultSubscriptionId}/resourceGroups/${groupName}`;
  const url = `${group}/providers/Microsoft.Resources/deployments/seed?api-version=${apiVersion}`;
  const send = async (method: 'GET' | 'PUT', path: string, payload?: string): Promise<DeploymentShown> => {
    const headers = { host: 'localhost', 'content-type': 'application/json', 'user-agent': 'lazurite --seed' };
    const answer = await app.inject({ method, url: path, headers, ...(payload !== undefined && { payload }) });
    const body = answer.json() as DeploymentShown;
    if (answer.statusCode >= 400) throw new UsageError(`--seed ${file}: ${JSON.stringify(body)}`);
    return body;
  };
  await send('PUT', `${group}?api-version=${apiVersion}`, JSON.stringify({ location }));
  await send('PUT', url, `{"properties":{"mode":"Incremental","template":${template}}}`);
  for (;;) {
    const { properties } = await send('GET', url);
    if (properties?.provisioningState === 'Succeeded') return;
    if (properties?.provisioningState === 'Failed' || properties?.provisioningState === 'Canceled') {
      throw new UsageError(`--seed ${file}: ${JSON.stringify(properties.error ?? properties.provisioningState)}`);
    }
    // Real time, and a timer that keeps the process: nothing else does before the server listens.
    await setTimeout(pollEveryMs);
  }
}
