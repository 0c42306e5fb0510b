/** `--seed FILE`: a snapshot, an ARM template, or resources as something printed them, there when the emulator is ready. */
import { readFileSync } from 'node:fs';
import type { Arm } from '../api/arm/arm.js';
import { readRequestBody } from '../api/arm/deployments/request.js';
import type { JsonObject } from '../api/arm/template/json.js';
import { defaultSubscriptionId } from '../config/config-values.js';
import { AzureError } from '../errors/index.js';
import { creationsOf, type PrintedResource, printedResources } from '../resources/printed.js';
import { parseResourceId, rootKey, rootOf } from '../resources/resource-id.js';
import { isSnapshot } from '../store/snapshot.js';
import { type Log, shortList } from '../support/log.js';
import { UsageError } from '../support/usage-error.js';

export interface SeedOptions {
  readonly file: string;
  readonly arm: Arm;
  /** Whether nothing is stored yet. */
  readonly isEmpty: boolean;
  readonly restore: (document: unknown) => Promise<void>;
  readonly log: Log;
}

/** The text of the file: UTF-8, or UTF-16 as Windows PowerShell writes what a command prints. */
function readSeed(file: string): string {
  try {
    const bytes = readFileSync(file);
    const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
    return bytes.toString(isUtf16 ? 'utf16le' : 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw new UsageError(`--seed ${file} cannot be read: ${(error as Error).message}`);
  }
}

/**
 * A template may have comments, which only the deployment engine reads; everything else is plain JSON. Several documents
 * one after another, as `(az … ; curl …) > FILE` leaves them, are a list: between them is a new line, which no string has,
 * or else nothing.
 */
function parsed(text: string): unknown {
  const list = (between: RegExp): string => `[${text.replaceAll(between, '$1,')}]`;
  for (const json of [text, list(/([}\]])[ \t\r]*\n\s*(?=[{[])/g), list(/([}\]])\s*(?=[{[])/g)]) {
    try {
      return JSON.parse(json);
    } catch {}
  }
  return undefined;
}

/** Applies the file; throws a `UsageError` that says why it cannot. */
export async function applySeed(options: SeedOptions): Promise<void> {
  const { file, isEmpty, restore, log } = options;
  const text = readSeed(file);
  const document = parsed(text);
  if (isSnapshot(document)) {
    // It would replace what the data folder has kept since the last start.
    if (isEmpty) await refusing(file, () => restore(document));
    else log.info('the data folder is not empty: the snapshot was not applied', { file });
    return;
  }
  // The clock's timers do not keep the process, and nothing else does before the server listens.
  const keptAlive = setInterval(() => {}, 60_000);
  try {
    const printed = printedResources(document);
    if (printed?.length) await createPrinted(creationsOf(printed), options);
    else if (/\bdeploymentTemplate\.json|"resources"|'resources'/i.test(text)) await applyTemplate(text, options);
    else {
      const what =
        document === undefined
          ? `is no JSON; ${file.endsWith('.bicep') ? '`az bicep build` compiles it' : 'az prints it with `-o json`'}`
          : "is neither a snapshot of Lazurite's nor an ARM template, nor has it resources with their ids";
      throw new UsageError(`--seed ${file} ${what}`);
    }
  } finally {
    clearInterval(keptAlive);
  }
}

/** What Azure refuses, as the mistake that it is in `file`. */
async function refusing<T>(file: string, apply: () => Promise<T>): Promise<T> {
  try {
    return await apply();
  } catch (error) {
    throw error instanceof AzureError ? new UsageError(`--seed ${file}: ${sentences(error.toBody())}`) : error;
  }
}

/** Deploys the template to the resource group `seed`, and waits for its end. */
async function applyTemplate(text: string, { arm, file }: SeedOptions): Promise<void> {
  const place = { subscriptionId: defaultSubscriptionId, resourceGroup: 'seed', location: 'westeurope' };
  const { properties = {} } = await refusing(file, async () => {
    return (await arm.deploy({ ...place, name: 'seed', template: await readRequestBody(text) })) as DeploymentShown;
  });
  const { provisioningState, error = { message: provisioningState } } = properties;
  if (provisioningState !== 'Succeeded') throw new UsageError(`--seed ${file}: ${sentences({ error })}`);
}

interface DeploymentShown {
  readonly properties?: { readonly provisioningState?: string; readonly error?: ErrorShown };
}

interface ErrorShown {
  readonly message?: string | undefined;
  readonly details?: readonly ErrorShown[] | undefined;
}

/** The messages of the innermost errors, each once. */
function sentences(body: unknown): string {
  const innermost = ({ message, details = [] }: ErrorShown): string[] => {
    const inner = details.flatMap(innermost);
    return inner.length > 0 ? inner : message ? [message] : [];
  };
  const { error = {} } = body as { error?: ErrorShown };
  return [...new Set(innermost(error))].join(' ');
}

/** Puts the resources, and says which others they spoke of. */
async function createPrinted(creations: readonly PrintedResource[], { arm, file, log }: SeedOptions): Promise<void> {
  const { resources } = arm.context.store;
  const here = new Set(creations.map(({ id }) => rootKey(id)));
  const absent = (ids: readonly string[]): string[] =>
    [...new Map(ids.map((id) => [rootKey(id), nameOf(id)]))].flatMap(([key, name]) =>
      here.has(key) || resources.resource(key) ? [] : [name],
    );
  const missing = absent(creations.flatMap(({ needs }) => needs));
  if (missing.length > 0) {
    throw new UsageError(
      `--seed ${file} refers to what it does not hold: ${shortList(missing)}. Add what \`az resource show\` prints of it.`,
    );
  }
  for (const { id, apiVersion, body } of creations) {
    const answer = await refusing(file, () => arm.put({ id, apiVersion, body: body as JsonObject }));
    if (answer.status >= 400) throw new UsageError(`--seed ${file}: ${nameOf(id)}: ${sentences(answer.body)}`);
  }
  const named = absent(creations.flatMap(({ mentions }) => mentions));
  if (named.length > 0)
    log.warn('the seed names resources that it does not hold', { file, resources: shortList(named) });
}

/** `networkInterfaces/nic in the resource group g`. */
function nameOf(id: string): string {
  const place = parseResourceId(id);
  if (!place) return id;
  const { types, names, resourceGroup } = rootOf(place);
  return `${types[0]}/${names[0]} of the resource group ${resourceGroup}`;
}
