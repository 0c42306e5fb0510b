/**
 * Faults that a person injects: one schema for each kind, from which the admin API's checks, the options and help of
 * `lazurite faults` and the tables of docs/admin-api.md are made.
 */
import type { Static, TNumber, TObject, TOptional, TSchema, TString, TUnsafe } from 'typebox';
import type { DataPlaneFault } from '../../data-plane/model/faults.js';
import { azureError } from '../../errors/index.js';
import { typed } from '../../resources/schema.js';

/** What a member of a fault is to the command line. */
interface Option {
  readonly description: string;
  /** Name of the option without its dashes. */
  readonly option: string;
  /** What stands for the value in help. */
  readonly value: string;
}

const text = (about: Option) => typed<TOptional<TString>>({ type: 'string', ...about });
const number = (about: Option & { minimum: number; maximum?: number }) =>
  typed<TOptional<TNumber>>({ type: 'number', ...about });
const oneOf = <const Choice extends string>(choices: Choice[], about: Omit<Option, 'value'>) =>
  typed<TOptional<TUnsafe<Choice>>>({ enum: choices, ...about, value: choices.join('|') });
const members = <M extends Record<string, TSchema>>(properties: M) => typed<TObject<M>>({ type: 'object', properties });

const backend = text({
  option: 'backend',
  value: 'IP',
  description: "the member's address, of Azure or of this machine",
});

const apiSchema = members({
  method: text({ option: 'method', value: 'M', description: 'HTTP method; any when absent' }),
  path: text({ option: 'path', value: 'PATTERN', description: 'pattern of the path; any when absent' }),
  status: number({
    minimum: 200,
    maximum: 599,
    option: 'status',
    value: 'N',
    description: 'HTTP status of the answer',
  }),
  code: text({ option: 'code', value: 'C', description: "error code; for 429 and 503 Azure's own by default" }),
  message: text({
    option: 'message',
    value: 'TEXT',
    description: "error message; for 429 and 503 Azure's own by default",
  }),
  retryAfterSeconds: number({ minimum: 0, option: 'retry-after', value: 'S', description: 'seconds in `Retry-After`' }),
  delayMs: number({
    minimum: 0,
    option: 'delay',
    value: 'MS',
    description: 'Azure milliseconds before the answer; without `status` the request then goes on as usual',
  }),
  effect: oneOf(['answer', 'reset'], { option: 'effect', description: '`reset` cuts the connection' }),
  next: number({ minimum: 1, option: 'next', value: 'N', description: 'how many requests it hits; all when absent' }),
});

const dataPlaneSchema = members({
  effect: oneOf(['drop', 'reset', 'slow'], { option: 'effect', description: 'what happens to flows; see below' }),
  frontend: text({ option: 'frontend', value: 'IP[:PORT]', description: 'only flows of this frontend' }),
  rule: text({ option: 'rule', value: 'NAME', description: 'only flows of this rule: resource id or name' }),
  backend,
  latencyMs: number({
    minimum: 0,
    option: 'latency',
    value: 'MS',
    description: 'Azure milliseconds added in each direction',
  }),
  bytesPerSecond: number({
    minimum: 1,
    option: 'bandwidth',
    value: 'BYTES/S',
    description: 'bytes per Azure second in each direction of a flow',
  }),
});

const probeSchema = members({
  verdict: oneOf(['up', 'down', 'flap'], { option: 'verdict', description: 'what the probe finds from now on' }),
  probe: text({ option: 'probe', value: 'NAME', description: 'only this probe: resource id or name' }),
  backend,
  flapEverySeconds: number({
    minimum: 1,
    option: 'flap-every',
    value: 'S',
    description: 'with `flap`: Azure seconds down, then up',
  }),
});

const engineSchema = members({
  effect: oneOf(['crash', 'hang'], {
    option: 'effect',
    description: 'an uncaught error, or no more answers',
  }),
});

/** Kinds by their name in the API: their name on the command line and their members. */
export const faultKinds = {
  api: { command: 'api', schema: apiSchema },
  dataPlane: { command: 'traffic', schema: dataPlaneSchema },
  probe: { command: 'probe', schema: probeSchema },
  engine: { command: 'engine', schema: engineSchema },
} as const;

type Kind = keyof typeof faultKinds;
type Members<Schema extends TObject> = Omit<Static<Schema>, never>;

export type ApiFault = { readonly id: string; readonly kind: 'api' } & Members<typeof apiSchema>;
type TrafficFault = { readonly id: string; readonly kind: 'dataPlane' } & Members<typeof dataPlaneSchema>;
type ProbeFault = { readonly id: string; readonly kind: 'probe' } & Members<typeof probeSchema>;
type EngineFault = { readonly id: string; readonly kind: 'engine' } & Members<typeof engineSchema>;
/** A fault that stays in force until it is ended or used up. */
export type LastingFault = ApiFault | TrafficFault | ProbeFault;
export type InjectedFault = LastingFault | EngineFault;

export const invalidFault = (reason: string) => azureError('InvalidFault', { values: { reason } });

/** A member's schema as JSON Schema has it. */
interface Member extends Option {
  readonly type?: 'string' | 'number';
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
}

/** The members of a kind, in the order of its schema. */
export const membersOf = (kind: Kind): [name: string, member: Member][] =>
  Object.entries(faultKinds[kind].schema.properties) as unknown as [string, Member][];

/** A pattern takes time in proportion to its length for every request. */
const longestText = 1024;

/** Numbers may be text, as the command line sends them; enums have any casing. */
function readMember(name: string, value: unknown, member: Member): unknown {
  if (member.enum) {
    const found = member.enum.find((choice) => choice.toLowerCase() === textOf(value)?.toLowerCase());
    if (found === undefined) throw invalidFault(`'${name}' must be one of ${member.enum.join(', ')}`);
    return found;
  }
  if (member.type === 'string') {
    if (typeof value !== 'string') throw invalidFault(`'${name}' must be text`);
    if (value.length > longestText) throw invalidFault(`'${name}' must have at most ${longestText} characters`);
    return value;
  }
  const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = member;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && number >= minimum && number <= maximum) return number;
  const upTo = member.maximum === undefined ? '' : ` to ${member.maximum}`;
  throw invalidFault(`'${name}' must be a number from ${minimum}${upTo}`);
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** What a schema cannot say: which members go together. Returns the fault with its defaults. */
function complete(fault: InjectedFault): InjectedFault {
  if (fault.kind === 'api') {
    const method = fault.method === undefined ? {} : { method: fault.method.toUpperCase() };
    const whole = { ...fault, ...method, effect: fault.effect ?? ('answer' as const) };
    if (whole.status !== undefined || whole.delayMs || whole.effect === 'reset') return whole;
    throw invalidFault("it needs a 'status', a 'delayMs' or the effect 'reset'");
  }
  if (fault.kind === 'probe') {
    const { verdict, flapEverySeconds } = fault;
    if (verdict === undefined) throw invalidFault("it needs a 'verdict': up, down or flap");
    if (verdict === 'flap' && flapEverySeconds === undefined) throw invalidFault("flap needs 'flapEverySeconds'");
    if (verdict !== 'flap' && flapEverySeconds !== undefined) throw invalidFault("only flap takes 'flapEverySeconds'");
    return fault;
  }
  if (fault.kind === 'engine') {
    if (fault.effect === undefined) throw invalidFault("it needs an 'effect': crash or hang");
    return fault;
  }
  const slows = fault.latencyMs !== undefined || fault.bytesPerSecond !== undefined;
  const effect = fault.effect ?? (slows ? 'slow' : undefined);
  if (effect === undefined) throw invalidFault("it needs an 'effect': drop, reset or slow");
  if (effect === 'slow' && !slows) throw invalidFault("slow needs 'latencyMs' or 'bytesPerSecond'");
  if (effect !== 'slow' && slows) throw invalidFault(`${effect} takes no 'latencyMs' or 'bytesPerSecond'`);
  return { ...fault, effect };
}

/** Reads a fault from the body of a request. Throws `InvalidFault` with the reason. */
export function readFault(id: string, body: Readonly<Record<string, unknown>>): InjectedFault {
  const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
  const kinds = Object.keys(faultKinds) as Kind[];
  if (given.kind === undefined) throw invalidFault(`it needs a 'kind': ${kinds.join(', ')}`);
  const kind = kinds.find((one) => one.toLowerCase() === textOf(given.kind)?.toLowerCase());
  if (kind === undefined) throw invalidFault(`'kind' must be one of ${kinds.join(', ')}`);
  const members = membersOf(kind);
  const known = ['kind', ...members.map(([name]) => name)];
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw invalidFault(`it has no '${unknown.join("', '")}'; it may have ${known.join(', ')}`);
  }
  const read = members.flatMap(([name, member]) =>
    given[name] === undefined ? [] : [[name, readMember(name, given[name], member)]],
  );
  const fault: Record<string, unknown> = { ...complete({ id, kind, ...Object.fromEntries(read) } as InjectedFault) };
  const inOrder = ['id', ...known].filter((name) => name in fault).map((name) => [name, fault[name]]);
  return Object.fromEntries(inOrder) as InjectedFault;
}

/** The fault as engines take it. */
export function engineFault(fault: Exclude<LastingFault, ApiFault>): DataPlaneFault {
  if (fault.kind === 'dataPlane') return { ...fault, effect: fault.effect ?? 'slow' };
  const { flapEverySeconds: seconds, verdict = 'down', ...rest } = fault;
  return { ...rest, verdict, effect: 'probe', flapEveryMs: seconds === undefined ? undefined : seconds * 1000 };
}

/** Markdown: a table of members for each kind. */
export function faultTables(): string {
  return (Object.keys(faultKinds) as Kind[])
    .map((kind) => {
      const rows = membersOf(kind).map(
        ([name, { option, value, description }]) =>
          `| \`${name}\` | \`--${option} ${value.replaceAll('|', '\\|')}\` | ${description} |`,
      );
      const head = [`| member of \`"kind": "${kind}"\` | \`faults add ${faultKinds[kind].command}\` | meaning |`];
      return [...head, '| --- | --- | --- |', ...rows].join('\n');
    })
    .join('\n\n');
}
