/** Which resource waits for which: `dependsOn` in every spelling, references inside bodies, and serial copies. */
import { azureError } from '../../../errors/index.js';
import { DeferredValue, type EvaluationContext } from '../template/context.js';
import { evaluateNode, evaluateTemplateValue } from '../template/evaluate.js';
import { compact, isObject, type Json, type JsonObject, jsonText, member } from '../template/json.js';
import { ExpressionError, type ExpressionNode, isExpression, nodesOf, parseExpression } from '../template/parser.js';
import { splitResourceId } from '../template/resource-ids.js';
import { bodySource, type PlannedResource } from './expand.js';
import { evaluatingPart, invalidTemplate } from './failures.js';
import type { Template } from './template.js';

/** Characters of the ids that all `dependsOn` of a template come to: about 4 MB of the deployment's document. */
const maxDependencySize = 2 * 1024 * 1024;

/** Finds planned resources by any of the ways in which a template can name them. */
export class ResourceIndex {
  readonly #named = new Map<string, PlannedResource[]>();
  /** Children that stand inside their parents, by what they are called there. */
  readonly #namedInside = new Map<string, PlannedResource[]>();

  constructor(resources: readonly PlannedResource[]) {
    const note = (names: Map<string, PlannedResource[]>, name: string, resource: PlannedResource): void => {
      const known = names.get(name);
      if (known) known.push(resource);
      else names.set(name, [resource]);
    };
    for (const resource of resources) {
      for (const name of namesOf(resource)) note(this.#named, name, resource);
      const inside = nameInside(resource);
      if (inside !== undefined) note(this.#namedInside, inside, resource);
    }
  }

  /** The resources that `text` names: one, or all instances of a copy. */
  find(text: string): readonly PlannedResource[] {
    const name = text.replace(/\/$/, '').toLowerCase();
    return this.#named.get(name) ?? this.#namedInside.get(name) ?? [];
  }

  /** The resource that `text` names for a read; undefined when there is none, or a whole copy. */
  findOne(text: string): PlannedResource | undefined {
    const found = this.find(text);
    if (found.length <= 1) return found[0];
    const deployed = found.filter((one) => one.deployed);
    return deployed.find(({ existing }) => !existing) ?? deployed[0] ?? found[0];
  }
}

function namesOf({ id, type, name, symbol, loop, existing }: PlannedResource): string[] {
  const [namespace = '', ...types] = type.split('/');
  const names = name.split('/');
  const interleaved = `${namespace}${types.map((segment, index) => `/${segment}/${names[index]}`).join('')}`;
  // An existing resource is named by its symbol only: its id may be deployed by the template as well.
  const bySymbol = symbol === undefined ? [] : [symbol, ...(loop ? [symbol.replace(/\[\d+\]$/, '')] : [])];
  const byName = existing ? [] : [id, interleaved, `${type}/${name}`, name, ...(loop ? [loop.name] : [])];
  // `subscriptionResourceId` knows nothing of the short ids that resource groups have.
  const long = existing
    ? []
    : [id.replace(/\/resourceGroups\/([^/]+)$/i, '/providers/Microsoft.Resources/resourceGroups/$1')];
  return [...new Set([...bySymbol, ...byName, ...long].map((text) => text.toLowerCase()))];
}

/** The folded name that a child has inside its parent; undefined for what has its whole type and name. */
function nameInside({ source, type, name, existing }: PlannedResource): string | undefined {
  const depth = jsonText(member(source, 'type')).split('/').length;
  if (existing || depth >= type.split('/').length) return undefined;
  return name.split('/').slice(-depth).join('/').toLowerCase();
}

/** What a body reads of another resource: by `reference`, or by a function such as `listKeys`. */
interface Read {
  readonly key: string;
  readonly apiVersion?: string | undefined;
  readonly actionName?: string | undefined;
}

export interface Dependencies {
  /** By key, the keys of what a resource waits for. */
  readonly dependencies: ReadonlyMap<string, ReadonlySet<string>>;
  /** As a deployment shows them: those between the resources that it deploys. */
  readonly dependenciesShown: Json[];
}

/** For every resource those that it waits for. Throws InvalidTemplate. */
export function* resolveDependencies(
  template: Template,
  resources: readonly PlannedResource[],
  index: ResourceIndex,
): Generator<void, Dependencies> {
  const dependencies = new Map<string, ReadonlySet<string>>();
  const needs = new Map<string, readonly Read[]>();
  let size = 0;
  for (const resource of resources) {
    yield;
    const found = new Map<string, Read>();
    const add = (read: Read): void => {
      const text = `${read.key} ${read.apiVersion} ${read.actionName}`.toLowerCase();
      if (!found.has(text)) found.set(text, read);
    };
    const part = {
      root: template.source,
      kind: 'resource',
      name: resource.symbol ?? resource.name,
      container: resource.source,
    };
    evaluatingPart(part, () => {
      for (const key of explicit(resource, index)) add({ key });
      for (const key of serial(resource, resources)) add({ key });
      if (resource.deployed && !resource.existing) implicit(resource, index, add);
    });
    needs.set(resource.key, [...found.values()]);
    dependencies.set(resource.key, new Set([...found.values()].map(({ key }) => key)));
    for (const { key } of found.values()) size += key.length;
    if (size > maxDependencySize)
      throw azureError('DeploymentJobSizeExceeded', { values: { limit: maxDependencySize } });
  }
  refuseCircles(resources, dependencies);
  return { dependencies, dependenciesShown: dependenciesShown(resources, needs) };
}

function explicit(resource: PlannedResource, index: ResourceIndex): string[] {
  if (!resource.deployed) return [];
  const written = member(resource.source, 'dependsOn') ?? [];
  const context: EvaluationContext = { ...resource.context, place: 'resourceHeader' };
  const value = evaluateTemplateValue(written, { context });
  return (Array.isArray(value) ? value.flat() : [value]).flatMap((text) => {
    if (text === null) return [];
    if (typeof text !== 'string') throw new ExpressionError("the members of 'dependsOn' must be strings");
    const found = index.find(text);
    if (found.length === 0 && !isEmptyLoop(resource, text)) throw notDefined(text);
    return found.map(({ key }) => key);
  });
}

/** A copy that repeats no time leaves nothing to wait for. */
function isEmptyLoop({ context }: PlannedResource, text: string): boolean {
  return context.emptyLoops?.has(text.toLowerCase()) === true;
}

/** A name that the template does not define. */
export function notDefined(text: string) {
  const id = text.startsWith('/') ? splitResourceId(text) : undefined;
  const name = id ? `${id.type}/${id.name}` : text;
  return invalidTemplate(
    `The resource '${name}' is not defined in the template. Please see https://aka.ms/arm-template for usage details.`,
  );
}

/** In a serial copy each batch waits for the one before. */
function serial({ loop, source }: PlannedResource, resources: readonly PlannedResource[]): string[] {
  if (loop?.batchSize === undefined) return [];
  const { batchSize } = loop;
  const batch = Math.floor(loop.index / batchSize);
  return resources
    .filter((other) => other.source === source && other.loop && Math.floor(other.loop.index / batchSize) === batch - 1)
    .map(({ key }) => key);
}

/** What the body reads by `reference`, `references` or `list…`, as far as it can be known beforehand. */
function implicit(resource: PlannedResource, index: ResourceIndex, add: (read: Read) => void): void {
  const note = (name: string, action: string, apiVersion: string | undefined) => {
    const actionName = /^references?$/i.test(action) ? undefined : action;
    for (const { key } of index.find(name)) add({ key, apiVersion, actionName });
  };
  const context: EvaluationContext = {
    ...resource.context,
    ask: (query) => {
      note(query.resource, query.action, query.apiVersion);
      throw new DeferredValue(query);
    },
  };
  const body = bodySource(resource);
  for (const text of textsOf(body)) noteReferences(text, context, note);
  // Names that depend on a property copy come out only when the body is evaluated.
  evaluateTemplateValue(body, { context, onDeferred: () => {} });
}

/** Both branches of an `if` count: which one holds may depend on a resource. */
function noteReferences(
  text: string,
  context: EvaluationContext,
  note: (name: string, action: string, apiVersion: string | undefined) => void,
): void {
  const textOf = (node: ExpressionNode | undefined): string | undefined => {
    try {
      const value = node && evaluateNode(node, context);
      return typeof value === 'string' ? value : undefined;
    } catch (error) {
      if (!(error instanceof ExpressionError) && !(error instanceof DeferredValue)) throw error;
      return undefined;
    }
  };
  for (const node of nodesOf(parseExpression(text))) {
    if (node.kind !== 'call' || node.namespace !== undefined) continue;
    if (!/^(references?|list\w*)$/i.test(node.name)) continue;
    const [first, second] = node.args;
    const name = textOf(first);
    // All of a copy are read as the template has them: what stands there is no api-version.
    if (name !== undefined) note(name, node.name, /^references$/i.test(node.name) ? undefined : textOf(second));
  }
}

function* textsOf(value: Json): Generator<string> {
  if (typeof value === 'string') {
    if (isExpression(value)) yield value;
  } else if (Array.isArray(value)) {
    for (const element of value) yield* textsOf(element);
  } else if (isObject(value)) {
    for (const inner of Object.values(value)) yield* textsOf(inner);
  }
}

function refuseCircles(
  resources: readonly PlannedResource[],
  dependencies: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  const ordered = new Set(dependencyOrder(resources, dependencies).map(({ key }) => key));
  const waiting = resources.filter(({ key }) => !ordered.has(key));
  // Some only wait for a circle: name one that is part of it.
  const inCircle = waiting.find(({ key }) => reaches(key, key, dependencies)) ?? waiting[0];
  if (!inCircle) return;
  throw invalidTemplate(
    `Circular dependency detected on resource: '${inCircle.id}'. Please see https://aka.ms/arm-template/#resources for usage details.`,
  );
}

function reaches(from: string, to: string, dependencies: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  const seen = new Set<string>();
  const queue = [...(dependencies.get(from) ?? [])];
  for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
    if (key === to) return true;
    if (seen.has(key)) continue;
    seen.add(key);
    queue.push(...(dependencies.get(key) ?? []));
  }
  return false;
}

/** `resources` so that each comes after what it waits for; those in a circle, or behind one, are missing. */
export function dependencyOrder(
  resources: readonly PlannedResource[],
  dependencies: ReadonlyMap<string, ReadonlySet<string>>,
): PlannedResource[] {
  const open = new Map(resources.map(({ key }) => [key, dependencies.get(key)?.size ?? 0]));
  const behind = new Map<string, string[]>();
  for (const [key, needs] of dependencies) {
    for (const need of needs) {
      const others = behind.get(need);
      if (others) others.push(key);
      else behind.set(need, [key]);
    }
  }
  const byKey = new Map(resources.map((resource) => [resource.key, resource]));
  const ready = resources.filter(({ key }) => open.get(key) === 0);
  for (const { key } of ready) {
    for (const next of behind.get(key) ?? []) {
      const left = (open.get(next) as number) - 1;
      open.set(next, left);
      if (left === 0) ready.push(byKey.get(next) as PlannedResource);
    }
  }
  return ready;
}

function dependenciesShown(resources: readonly PlannedResource[], needs: ReadonlyMap<string, readonly Read[]>): Json[] {
  const deployed = resources.filter(({ deployed, existing }) => deployed && !existing);
  const byKey = new Map(deployed.map((resource) => [resource.key, shown(resource)]));
  return deployed.flatMap(({ key }) => {
    const dependsOn = (needs.get(key) ?? []).flatMap(({ key, apiVersion, actionName }) => {
      const target = byKey.get(key);
      if (!target || apiVersion === undefined) return target ?? [];
      return compact({ ...target, actionName, apiVersion });
    });
    return dependsOn.length === 0 ? [] : [{ dependsOn, ...byKey.get(key) }];
  });
}

const shown = ({ id, type, name }: PlannedResource): JsonObject => ({ id, resourceType: type, resourceName: name });
