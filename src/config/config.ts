/**
 * Every option of `lazurite start`, described once: the command line, the environment, `--help` and README's table are
 * all made from `options`, as `Config` is.
 */
import { parseArgs } from 'node:util';
import { overlaps } from '../support/ip-address.js';
import { didYouMean, UsageError } from '../support/usage-error.js';
import {
  defaultPublicIpPool,
  dnsNames,
  folder,
  furtherAddresses,
  hostName,
  interfaceName,
  mappings,
  oneOf,
  optionalText,
  type Parse,
  postgresUrl,
  publicIpPool,
  scale,
  switched,
  wholeNumber,
} from './config-values.js';
import { choices } from './undocumented.js';

/** How one option is named, written and read. */
export interface OptionDefinition<Value> {
  /** Its name on the command line, without the dashes. */
  readonly name: string;
  /** What stands for its value in help; absent for a switch. */
  readonly value?: string;
  /** May be given more than once; in the environment, values are separated by commas. */
  readonly repeatable?: boolean;
  /** Its default as a user would write it; absent when there is none. */
  readonly fallback?: string;
  readonly sentence: string;
  /** Reads what was written. Throws a reason that completes "--name …". */
  readonly parse: Parse<Value>;
}

const option = <Value>(definition: OptionDefinition<Value>): OptionDefinition<Value> => definition;

/** The options of `lazurite start`, in the order in which help lists them. Keys are the members of `Config`. */
export const options = {
  host: option({
    name: 'host',
    value: 'HOST',
    fallback: 'localhost',
    sentence: 'Where the API listens; `localhost` is both 127.0.0.1 and ::1.',
    parse: hostName,
  }),
  port: option({
    name: 'port',
    value: 'PORT',
    fallback: '4567',
    sentence: 'One port that speaks HTTPS and HTTP; 0 is any free port.',
    parse: wholeNumber({ atMost: 65535 }),
  }),
  data: option({
    name: 'data',
    value: 'DIR',
    fallback: './.lazurite',
    sentence: 'The folder of the SQLite file, the CA and the certificate.',
    parse: folder,
  }),
  inMemory: option({
    name: 'in-memory',
    fallback: 'off',
    sentence: 'Write nothing to disk; everything is gone at the end.',
    parse: switched,
  }),
  store: option({
    name: 'store',
    value: 'URL',
    sentence:
      'A PostgreSQL database that several machines share, `postgresql://user@host/db`; the data folder is then a replica.',
    parse: postgresUrl,
  }),
  staleReads: option({
    name: 'stale-reads',
    value: 'MODE',
    fallback: 'on',
    sentence:
      'With `--store`, while its database is away: `on` shows known state, marked `x-lazurite-stale`; `off` refuses.',
    parse: oneOf('on', 'off'),
  }),
  engine: option({
    name: 'engine',
    value: 'ENGINE',
    fallback: 'userspace',
    sentence: 'What forwards packets: `userspace`, `nftables`, or `none` (control plane only).',
    parse: oneOf('userspace', 'nftables', 'none'),
  }),
  adopt: option({
    name: 'adopt',
    value: 'WHEN',
    fallback: 'after-change',
    sentence:
      'With `--store` and the nftables engine, when TCP connections that another node has carried go on here: for an idle timeout `after-change` of the live nodes, `always`, or `never`.',
    parse: oneOf('after-change', 'always', 'never'),
  }),
  symmetric: option({
    name: 'symmetric',
    fallback: 'off',
    sentence:
      'With `--store` and the nftables engine: the network returns every flow by the node that it came by. Without it, frontends whose backends’ answers another node could not tell apart are not bound.',
    parse: switched,
  }),
  addressMap: option({
    name: 'address-map',
    value: 'CIDR=CIDR',
    repeatable: true,
    fallback: '10.0.0.0/8=127.0.0.0/8,172.16.0.0/12=127.16.0.0/12,192.168.0.0/16=127.168.0.0/16',
    sentence:
      'Which address of this machine stands for an Azure address, or `none` for the same one; the first that fits decides.',
    parse: mappings,
  }),
  publicIpPool: option({
    name: 'public-ip-pool',
    value: 'CIDR',
    repeatable: true,
    fallback: defaultPublicIpPool,
    sentence: 'Where public IP addresses are taken from: an IPv4 network, an IPv6 network, or one of each.',
    parse: publicIpPool,
  }),
  timeScale: option({
    name: 'time-scale',
    value: 'N',
    fallback: '1',
    sentence: 'How many Azure seconds pass in one: probes, idle timeouts, drains.',
    parse: scale,
  }),
  operationDelayMs: option({
    name: 'operation-delay',
    value: 'MS',
    fallback: '0',
    sentence: 'How long an asynchronous operation stays InProgress, in milliseconds.',
    parse: wholeNumber({ atMost: 86_400_000 }),
  }),
  strictApiVersions: option({
    name: 'strict-api-versions',
    fallback: 'off',
    sentence: 'Refuse API versions that Azure does not list; without it, an unknown newer one is served as the newest.',
    parse: switched,
  }),
  strictTypes: option({
    name: 'strict-types',
    fallback: 'off',
    sentence: 'Refuse resource types that are not modelled; without it they are stored and echoed.',
    parse: switched,
  }),
  strictBind: option({
    name: 'strict-bind',
    fallback: 'off',
    sentence:
      'Fail the operation of a frontend that cannot be bound exactly; without it, it falls back to another port.',
    parse: switched,
  }),
  templateLinks: option({
    name: 'template-links',
    value: 'WHERE',
    fallback: 'loopback',
    sentence:
      'Where linked templates and service packages may be downloaded from: `loopback` (this machine), `any` address, or `none`.',
    parse: oneOf('loopback', 'any', 'none'),
  }),
  auth: option({
    name: 'auth',
    value: 'MODE',
    fallback: 'off',
    sentence: '`token`: only tokens that this instance issued, or a registered management certificate; `off`: anyone.',
    parse: oneOf('off', 'token'),
  }),
  seed: option({
    name: 'seed',
    value: 'FILE',
    sentence: 'What is there at the start: resources as az or a GET printed them, an ARM template, or a snapshot.',
    parse: optionalText,
  }),
  standIns: option({
    name: 'stand-ins',
    fallback: 'off',
    sentence:
      'Answer for every backend at whose address nothing listens: HTTP, TCP and UDP, with its name; probes get 200.',
    parse: switched,
  }),
  undocumented: option({
    name: 'undocumented',
    value: 'NAME=VALUE',
    repeatable: true,
    sentence:
      'What to do where Azure’s documentation is silent; names and values are in `docs/differences-from-azure.md`.',
    parse: choices,
  }),
  alsoAt: option({
    name: 'also-at',
    value: 'ADDRESS',
    repeatable: true,
    sentence:
      'Another IPv4 address at which every frontend is reached, with the userspace engine; `own`: all of this machine but loopback ones, as a container wants it.',
    parse: furtherAddresses,
  }),
  addAddresses: option({
    name: 'add-addresses',
    value: 'INTERFACE',
    sentence:
      'The network interface to which addresses of frontends are added, and from which they are removed, with the userspace engine: needs CAP_NET_ADMIN.',
    parse: interfaceName,
  }),
  tlsNames: option({
    name: 'tls-name',
    value: 'NAME',
    repeatable: true,
    sentence:
      'Another DNS name or IP address by which clients reach it: requests are answered, and the certificate is good for it.',
    parse: dnsNames,
  }),
  readyFile: option({
    name: 'ready-file',
    value: 'FILE',
    sentence:
      'A file that is written when the emulator is ready, with its URLs and process id as JSON, and removed at its end.',
    parse: optionalText,
  }),
  logFormat: option({
    name: 'log-format',
    value: 'FORMAT',
    fallback: 'text',
    sentence: 'How log lines on stderr are written: `text`, or `json`, one object per line.',
    parse: oneOf('text', 'json'),
  }),
  logLevel: option({
    name: 'log-level',
    value: 'LEVEL',
    fallback: 'info',
    sentence:
      'The least that is logged: `debug` (with the stack of an error that ends the start), `info`, `warn`, `error`, or `none`.',
    parse: oneOf('debug', 'info', 'warn', 'error', 'none'),
  }),
} as const;

/** What `lazurite start` was told, every default filled in. */
export type Config = {
  readonly [Key in keyof typeof options]: ReturnType<(typeof options)[Key]['parse']>;
};

/** The environment variable of an option. */
export const environmentName = ({ name }: { readonly name: string }): string =>
  `LAZURITE_${name.toUpperCase().replaceAll('-', '_')}`;

const definitions: readonly OptionDefinition<unknown>[] = Object.values(options);

/** What was written for an option and where: the command line wins over the environment, that over the default. */
function findWritten(
  definition: OptionDefinition<unknown>,
  { given, env }: { given: string | boolean | (string | boolean)[] | undefined; env: NodeJS.ProcessEnv },
): { written: readonly string[]; where: string } {
  if (given !== undefined) return { written: [given].flat().map(String), where: `--${definition.name}` };
  const variable = environmentName(definition);
  const text = env[variable] || definition.fallback;
  const parts = definition.repeatable ? (text?.split(',').map((part) => part.trim()) ?? []) : [text ?? ''];
  return { written: parts, where: env[variable] ? variable : `--${definition.name}` };
}

/** A public address that `az` prints must be usable as it is, so no mapping moves the pool but one that was asked for. */
function keepPoolInPlace(config: Config): Config {
  const { publicIpPool: pool, addressMap } = config;
  const moved = [pool.IPv4, pool.IPv6].filter((network) => addressMap.some(({ from }) => overlaps(from, network)));
  return { ...config, addressMap: [...moved.map((network) => ({ from: network, to: network })), ...addressMap] };
}

/**
 * Reads the options of `lazurite start` (`argv` without node, script and command) and the environment.
 * Throws a `UsageError` of one line for what it cannot use.
 */
export function parseConfig(argv: readonly string[], env: NodeJS.ProcessEnv): Config {
  const values = readArguments(argv);
  const entries = Object.entries<OptionDefinition<unknown>>(options).map(([key, definition]) => {
    const { written, where } = findWritten(definition, { given: values[definition.name], env });
    try {
      return [key, definition.parse(written)];
    } catch (error) {
      throw error instanceof UsageError ? new UsageError(`${where} ${error.message}`) : error;
    }
  });
  const config = Object.fromEntries(entries) as Config;
  const { addressMap } = options;
  const isMapWritten = values[addressMap.name] !== undefined || Boolean(env[environmentName(addressMap)]);
  return isMapWritten ? config : keepPoolInPlace(config);
}

function readArguments(argv: readonly string[]): Record<string, string | boolean | (string | boolean)[] | undefined> {
  const shapes = definitions.map((definition) => [
    definition.name,
    { type: definition.value ? ('string' as const) : ('boolean' as const), multiple: definition.repeatable ?? false },
  ]);
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: Object.fromEntries(shapes) as Record<string, { type: 'string' | 'boolean'; multiple: boolean }>,
      allowPositionals: false,
      allowNegative: true,
    });
    return values;
  } catch (error) {
    const [reason = ''] = (error as Error).message.split(/\. |\n/);
    const names = definitions.flatMap(({ name, value }) => [`--${name}`, ...(value ? [] : [`--no-${name}`])]);
    const hint = didYouMean(/^Unknown option '(--[\w-]+)/.exec(reason)?.[1] ?? '', names);
    throw new UsageError(`${reason.replace(/\.$/, '')}${hint} (see lazurite start --help)`);
  }
}

/** Variables of ours that are no options. */
const otherVariables = /^LAZURITE_(URL|SANDBOX|SHARED|TEST_\w+)$/;

/** A sentence for each variable whose name begins with LAZURITE_ and means nothing. */
export function unknownVariables(env: NodeJS.ProcessEnv): string[] {
  const known = definitions.map(environmentName);
  return Object.keys(env)
    .filter((name) => name.startsWith('LAZURITE_') && !known.includes(name) && !otherVariables.test(name))
    .map((name) => `the variable ${name} means nothing to Lazurite${didYouMean(name, known)}`);
}

const spelling = (definition: OptionDefinition<unknown>): string =>
  `--${definition.name}${definition.value ? ` ${definition.value}` : ''}`;

/** The options as `lazurite start --help` lists them. */
export function optionsHelp(): string {
  const width = Math.max(...definitions.map((definition) => spelling(definition).length)) + 4;
  return definitions
    .map((definition) => {
      const notes = [
        definition.value && definition.fallback ? `default ${definition.fallback.replaceAll(',', ', ')}` : '',
        definition.repeatable ? 'may be repeated' : '',
        `env ${environmentName(definition)}`,
      ].filter(Boolean);
      const sentence = definition.sentence.replaceAll('`', '');
      return `  ${spelling(definition).padEnd(width)}${sentence}\n  ${' '.repeat(width)}(${notes.join('; ')})`;
    })
    .join('\n');
}

/** The options as the Markdown table that README shows. */
export function optionsTable(): string {
  const rows = definitions.map((definition) => {
    const fallback = definition.fallback
      ?.split(',')
      .map((part) => (definition.value ? `\`${part}\`` : part))
      .join('<br>');
    const sentence = definition.sentence + (definition.repeatable ? ' May be repeated.' : '');
    return `| \`${spelling(definition)}\` | \`${environmentName(definition)}\` | ${fallback ?? '–'} | ${sentence} |`;
  });
  return ['| option of `start` | environment | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
