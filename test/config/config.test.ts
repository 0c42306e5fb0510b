import { resolve } from 'node:path';
import fc from 'fast-check';
import { test } from 'tap';
import { environmentName, options, optionsHelp, optionsTable, parseConfig } from '../../src/config/config.js';
import { defaultChoices } from '../../src/config/undocumented.js';
import {
  contains,
  formatIpAddress,
  formatIpPrefix,
  type IpPrefix,
  mapAddress,
  mapNetwork,
  networkOf,
  parseIpAddress,
  parseIpNetwork,
  parseIpv4Network,
} from '../../src/support/ip-address.js';

const network = (text: string) => parseIpNetwork(text) as IpPrefix;
const refuses = (argv: string[], env: Record<string, string> = {}): string => {
  try {
    parseConfig(argv, env);
    return '';
  } catch (error) {
    const { name, message } = error as Error;
    return `${name}: ${message}`;
  }
};

test('without a word said, the defaults hold', async (t) => {
  const { addressMap, ...rest } = parseConfig([], {});
  t.strictSame(rest, {
    host: 'localhost',
    port: 4567,
    data: resolve('.lazurite'),
    inMemory: false,
    store: undefined,
    staleReads: 'on',
    engine: 'userspace',
    adopt: 'after-change',
    symmetric: false,
    publicIpPool: { IPv4: network('127.255.0.0/16'), IPv6: network('fd7f:1a2b::/48') },
    timeScale: 1,
    operationDelayMs: 0,
    strictApiVersions: false,
    strictTypes: false,
    strictBind: false,
    templateLinks: 'loopback',
    auth: 'off',
    seed: undefined,
    standIns: false,
    undocumented: defaultChoices,
    alsoAt: [],
    addAddresses: undefined,
    tlsNames: [],
    readyFile: undefined,
    logFormat: 'text',
    logLevel: 'info',
  });
  t.strictSame(
    addressMap.map(({ from, to }) => `${formatIpPrefix(from)}=${formatIpPrefix(to)}`),
    ['10.0.0.0/8=127.0.0.0/8', '172.16.0.0/12=127.16.0.0/12', '192.168.0.0/16=127.168.0.0/16'],
  );
});

test('every option can be given on the command line', async (t) => {
  const config = parseConfig(
    [
      ...['--host', '0.0.0.0', '--port=0', '--data', '/tmp/d', '--in-memory', '--engine', 'none'],
      ...['--address-map', '10.0.0.0/8=127.0.0.0/8', '--address-map', '1.0.0.0/8=2.0.0.0/8'],
      ...['--public-ip-pool', '127.9.0.0/24', '--time-scale', '60', '--operation-delay', '250'],
      ...['--strict-api-versions', '--strict-types', '--strict-bind', '--auth', 'token', '--seed', 'a.json'],
      ...['--tls-name', 'a.test', '--tls-name', '10.1.2.3', '--template-links', 'any'],
    ],
    {},
  );
  t.match(config, {
    host: '0.0.0.0',
    port: 0,
    data: '/tmp/d',
    inMemory: true,
    engine: 'none',
    publicIpPool: { IPv4: network('127.9.0.0/24'), IPv6: network('fd7f:1a2b::/48') },
    timeScale: 60,
    operationDelayMs: 250,
    strictApiVersions: true,
    strictTypes: true,
    strictBind: true,
    templateLinks: 'any',
    auth: 'token',
    seed: 'a.json',
    tlsNames: ['a.test', '10.1.2.3'],
  });
  t.equal(config.addressMap.length, 2);
});

test('every option can be given in the environment, where commas part the values of a repeatable one', async (t) => {
  const env = {
    LAZURITE_HOST: '::1',
    LAZURITE_PORT: '1',
    LAZURITE_DATA: '/tmp/e',
    LAZURITE_IN_MEMORY: '1',
    LAZURITE_STORE: 'postgresql://user@db/lazurite',
    LAZURITE_STALE_READS: 'off',
    LAZURITE_ENGINE: 'nftables',
    LAZURITE_ADOPT: 'always',
    LAZURITE_SYMMETRIC: 'on',
    LAZURITE_ADDRESS_MAP: '1.0.0.0/8=2.0.0.0/8, 3.0.0.0/8=4.0.0.0/8',
    LAZURITE_PUBLIC_IP_POOL: '127.8.0.0/16',
    LAZURITE_TIME_SCALE: '0.5',
    LAZURITE_OPERATION_DELAY: '1',
    LAZURITE_STRICT_API_VERSIONS: 'true',
    LAZURITE_STRICT_TYPES: 'on',
    LAZURITE_STRICT_BIND: 'yes',
    LAZURITE_TEMPLATE_LINKS: 'none',
    LAZURITE_AUTH: 'token',
    LAZURITE_SEED: 's',
    LAZURITE_STAND_INS: 'true',
    LAZURITE_UNDOCUMENTED: 'mode-switch=reset,first-probe=after-interval',
    LAZURITE_ALSO_AT: 'own, 127.1.2.3',
    LAZURITE_ADD_ADDRESSES: 'eth0',
    LAZURITE_TLS_NAME: 'a.test,b.test',
    LAZURITE_READY_FILE: 'ready.json',
    LAZURITE_LOG_FORMAT: 'json',
    LAZURITE_LOG_LEVEL: 'warn',
  };
  t.strictSame(Object.keys(env), Object.values(options).map(environmentName), 'no option without a variable');
  const config = parseConfig([], env);
  t.match(config, {
    host: '::1',
    port: 1,
    inMemory: true,
    store: 'postgresql://user@db/lazurite',
    staleReads: 'off',
    engine: 'nftables',
    adopt: 'always',
    symmetric: true,
    timeScale: 0.5,
    strictBind: true,
    templateLinks: 'none',
    seed: 's',
    standIns: true,
    readyFile: 'ready.json',
    logFormat: 'json',
    logLevel: 'warn',
  });
  t.strictSame(config.undocumented, {
    ...defaultChoices,
    'mode-switch': 'reset',
    'first-probe': 'after-interval',
  });
  t.strictSame(config.tlsNames, ['a.test', 'b.test']);
  t.equal(config.addAddresses, 'eth0');
  t.throws(() => parseConfig(['--add-addresses=a b'], {}), /must be a network interface/);
  t.strictSame(config.alsoAt, ['own', '127.1.2.3']);
  t.throws(() => parseConfig(['--also-at', '::1'], {}), /must be an IPv4 address or own/);
  t.equal(config.addressMap.length, 2);
});

test('the command line wins over the environment, also to switch off', async (t) => {
  const env = { LAZURITE_PORT: '1', LAZURITE_IN_MEMORY: 'true', LAZURITE_TLS_NAME: 'a.test' };
  t.match(parseConfig(['--port', '2', '--no-in-memory', '--tls-name', 'b.test'], env), {
    port: 2,
    inMemory: false,
    tlsNames: ['b.test'],
  });
  t.match(
    parseConfig([], { LAZURITE_PORT: '', LAZURITE_AUTH: '' }),
    { port: 4567, auth: 'off' },
    'an empty variable is none',
  );
});

test('what cannot be used is refused in one line that names the option and what it wants', async (t) => {
  const cases: [string[], string][] = [
    [['--port', 'x'], "UsageError: --port must be a whole number from 0 to 65535, not 'x'"],
    [['--port', '70000'], "UsageError: --port must be a whole number from 0 to 65535, not '70000'"],
    [['--engine', 'ebpf'], "UsageError: --engine must be one of userspace, nftables, none, not 'ebpf'"],
    [['--auth', 'on'], "UsageError: --auth must be one of off, token, not 'on'"],
    [['--time-scale', '0'], "UsageError: --time-scale must be a number from 0.001 to 100000, not '0'"],
    [
      ['--undocumented', 'mode-switch=maybe'],
      "UsageError: --undocumented mode-switch must be keep or reset, not 'maybe'",
    ],
    [['--operation-delay', '-1'], ''],
    [['--operation-delay=-1'], "UsageError: --operation-delay must be a whole number from 0 to 86400000, not '-1'"],
    [
      ['--public-ip-pool', '10.0.0.1/8'],
      "UsageError: --public-ip-pool must be a network like 127.255.0.0/16 or fd7f:1a2b::/48, not '10.0.0.1/8'",
    ],
    [
      ['--public-ip-pool', '10.0.0.0/31'],
      "UsageError: --public-ip-pool must hold at least four addresses, and '10.0.0.0/31' does not",
    ],
    [
      ['--address-map', '10.0.0.0/8'],
      "UsageError: --address-map must be CIDR=CIDR, like 10.0.0.0/8=127.0.0.0/8, not '10.0.0.0/8'",
    ],
    [
      ['--address-map', '10.0.0.0/8=127.0.0.0/9'],
      "UsageError: --address-map must name two networks of one size, and those of '10.0.0.0/8=127.0.0.0/9' differ",
    ],
    [
      ['--address-map', 'none', '--address-map', '1.0.0.0/8=2.0.0.0/8'],
      "UsageError: --address-map cannot be 'none' and a network at once",
    ],
    [['--host', 'a b'], "UsageError: --host must be a host name or an IP address, not 'a b'"],
    [['--tls-name', 'a/b'], "UsageError: --tls-name must be a DNS name or an IP address, not 'a/b'"],
    [['--data='], 'UsageError: --data must name a folder'],
    [['--colour'], "UsageError: Unknown option '--colour' (see lazurite start --help)"],
    [['--strict-bind=1'], "UsageError: Option '--strict-bind' does not take an argument (see lazurite start --help)"],
    [['extra'], "UsageError: Unexpected argument 'extra' (see lazurite start --help)"],
  ];
  for (const [argv, expected] of cases) {
    const message = refuses(argv);
    t.notMatch(message, /\n/);
    if (expected) t.equal(message, expected);
    else t.match(message, /^UsageError: /);
  }
  t.equal(
    refuses([], { LAZURITE_PORT: 'x' }),
    "UsageError: LAZURITE_PORT must be a whole number from 0 to 65535, not 'x'",
  );
  t.equal(
    refuses([], { LAZURITE_STRICT_BIND: 'maybe' }),
    "UsageError: LAZURITE_STRICT_BIND must be true or false, not 'maybe'",
  );
});

test('help and table name every option, its variable and its default', async (t) => {
  for (const definition of Object.values(options)) {
    t.match(optionsHelp(), `--${definition.name}`);
    t.match(optionsHelp(), environmentName(definition));
    t.match(optionsTable(), `\`--${definition.name}`);
    t.match(optionsTable(), `\`${environmentName(definition)}\``);
  }
  t.equal(optionsTable().split('\n').length, Object.keys(options).length + 2);
});

test('an Azure address is found here by replacing its first number by 127', async (t) => {
  const { addressMap } = parseConfig([], {});
  const cases = {
    '10.0.0.4': '127.0.0.4',
    '10.255.255.255': '127.255.255.255',
    '172.16.0.1': '127.16.0.1',
    '172.31.9.9': '127.31.9.9',
    '172.32.0.1': '172.32.0.1',
    '192.168.7.8': '127.168.7.8',
    '127.255.0.1': '127.255.0.1',
    '8.8.8.8': '8.8.8.8',
    'fd00::1': 'fd00::1',
    '::ffff:10.0.0.4': '::ffff:10.0.0.4',
    'not an address': 'not an address',
  };
  for (const [azure, here] of Object.entries(cases)) t.equal(mapAddress(azure, addressMap), here, azure);
});

test('with --address-map none every address is used as it is; otherwise the first that fits decides', async (t) => {
  t.equal(mapAddress('10.0.0.4', parseConfig(['--address-map', 'none'], {}).addressMap), '10.0.0.4');
  const { addressMap } = parseConfig(
    ['--address-map', '10.1.0.0/16=127.50.0.0/16', '--address-map', '10.0.0.0/8=127.0.0.0/8'],
    {},
  );
  t.equal(mapAddress('10.1.2.3', addressMap), '127.50.2.3');
  t.equal(mapAddress('10.2.2.3', addressMap), '127.2.2.3');
});

test('public addresses of either version come from a pool of their own', async (t) => {
  const pools = (...argv: string[]) => {
    const { IPv4, IPv6 } = parseConfig(argv, {}).publicIpPool;
    return [IPv4, IPv6].map(formatIpPrefix);
  };
  t.strictSame(pools('--public-ip-pool', '2001:db8::/64'), ['127.255.0.0/16', '2001:db8::/64']);
  t.strictSame(pools('--public-ip-pool=2001:db8::/64', '--public-ip-pool=20.1.0.0/16'), [
    '20.1.0.0/16',
    '2001:db8::/64',
  ]);
  t.throws(() => pools('--public-ip-pool', '2001:db8::/127'), { message: /at least four addresses/ });
});

test('a mapping that was asked for moves public addresses of either version', async (t) => {
  const pairs = ['20.1.0.0/16=127.55.0.0/16', '2001:db8::/64=fd00:1::/64'];
  const pools = ['--public-ip-pool=20.1.0.0/16', '--public-ip-pool=2001:db8::/64'];
  const byArguments = parseConfig([...pools, ...pairs.map((pair) => `--address-map=${pair}`)], {});
  const byEnvironment = parseConfig(pools, { LAZURITE_ADDRESS_MAP: pairs.join(',') });
  for (const { addressMap } of [byArguments, byEnvironment]) {
    t.equal(mapAddress('20.1.0.4', addressMap), '127.55.0.4');
    t.equal(mapAddress('2001:db8::4', addressMap), 'fd00:1::4');
    t.equal(mapNetwork('2001:db8::10/124', addressMap), 'fd00:1::10/124');
  }
});

test('public addresses stay as they are printed, even from a pool that a usual mapping covers', async (t) => {
  const { addressMap } = parseConfig(['--public-ip-pool', '10.200.0.0/16'], {});
  t.equal(mapAddress('10.200.0.1', addressMap), '10.200.0.1');
  t.equal(mapAddress('10.201.0.1', addressMap), '127.201.0.1');
});

test('a mapped address is found again by the mapping turned around', async (t) => {
  for (const version of [4, 6] as const) {
    const bits = version === 4 ? 32 : 128;
    const address = fc.bigInt(0n, (1n << BigInt(bits)) - 1n).map((value) => ({ version, value }));
    fc.assert(
      fc.property(address, address, fc.integer({ min: 1, max: bits }), (one, other, length) => {
        const [from, to] = [networkOf({ ...one, length }), networkOf({ ...other, length })];
        const moved = mapAddress(formatIpAddress(one), [{ from, to }]);
        const back = mapAddress(moved, [{ from: to, to: from }]);
        return contains(to, parseIpAddress(moved) as IpPrefix) && back === formatIpAddress(one);
      }),
    );
  }
  t.strictSame(parseIpv4Network('0.0.0.0/0'), { version: 4, value: 0n, length: 0 });
  for (const text of ['10.0.0.0', '10.0.0.0/33', '10.0.0.1/24', '300.0.0.0/8', 'fd00::/8', ''])
    t.equal(parseIpv4Network(text), undefined, text);
});
