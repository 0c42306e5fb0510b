import { createSocket } from 'node:dgram';
import net from 'node:net';
import { test } from 'tap';
import { contradictions, type ModeResult, reportTable } from '../../src/cli/demo/report.js';
import { callTcp, createUdpCaller, HeldConnection, runRound } from '../../src/cli/demo/traffic.js';
import { EchoBackend } from '../../src/support/echo-backend.js';
import { nextEvent } from '../turns.js';

const backends = ['b1', 'b2'];

/** A mode's figures from what each client's calls reached, the backends' own count agreeing with the clients'. */
function result(
  mode: ModeResult['mode'],
  { tcp, udp, failed = 0, api = 'ARM' }: { tcp: string[][]; udp: string[][]; failed?: number; api?: ModeResult['api'] },
): ModeResult {
  const round = (calls: string[][]) => ({
    backendsOf: new Map(calls.map((list, index) => [`client ${index}`, list])),
    failed,
  });
  const received = new Map<string, number>();
  for (const [transport, calls] of [
    ['tcp', tcp],
    ['udp', udp],
  ] as const) {
    for (const backend of calls.flat())
      received.set(`${transport} ${backend}`, (received.get(`${transport} ${backend}`) ?? 0) + 1);
  }
  return { api, mode, tcp: round(tcp), udp: round(udp), received };
}

const spread = [
  ['b1', 'b2'],
  ['b2', 'b1'],
];
const sticky = [
  ['b1', 'b1'],
  ['b2', 'b2'],
];
const stickyElsewhere = [
  ['b2', 'b2'],
  ['b1', 'b1'],
];
const good = [
  result('Default', { tcp: spread, udp: spread }),
  result('SourceIP', { tcp: sticky, udp: sticky }),
  result('SourceIPProtocol', { tcp: sticky, udp: stickyElsewhere }),
  result('Default', { tcp: spread, udp: spread, api: 'classic' }),
  result('SourceIP', { tcp: sticky, udp: sticky, api: 'classic' }),
  result('SourceIPProtocol', { tcp: sticky, udp: stickyElsewhere, api: 'classic' }),
];

test('the table shows per mode and protocol what reached each backend and who stayed', async (t) => {
  t.equal(
    reportTable(good, backends),
    [
      'API      distribution      protocol  b1  b2  clients on one backend  TCP and UDP on the same  failed',
      '-------  ----------------  --------  --  --  ----------------------  -----------------------  ------',
      'ARM      Default           TCP        2   2                  0 of 2                   0 of 2       0',
      '                           UDP        2   2                  0 of 2                                0',
      '         SourceIP          TCP        2   2                  2 of 2                   2 of 2       0',
      '                           UDP        2   2                  2 of 2                                0',
      '         SourceIPProtocol  TCP        2   2                  2 of 2                   0 of 2       0',
      '                           UDP        2   2                  2 of 2                                0',
      'classic  none              TCP        2   2                  0 of 2                   0 of 2       0',
      '                           UDP        2   2                  0 of 2                                0',
      '         sourceIP          TCP        2   2                  2 of 2                   2 of 2       0',
      '                           UDP        2   2                  2 of 2                                0',
      '         sourceIPProtocol  TCP        2   2                  2 of 2                   0 of 2       0',
      '                           UDP        2   2                  2 of 2                                0',
    ].join('\n'),
  );
  t.strictSame(contradictions(good, backends), []);
});

test('a figure that contradicts its mode is called by its name', async (t) => {
  const cases: [ModeResult, RegExp][] = [
    [result('Default', { tcp: sticky, udp: spread }), /^ARM Default, TCP: 2 of 2 clients stayed on one backend/],
    [result('SourceIP', { tcp: spread, udp: sticky }), /^ARM SourceIP, TCP: only 0 of 2 clients stayed/],
    [
      result('SourceIP', { tcp: sticky, udp: stickyElsewhere }),
      /^ARM SourceIP: TCP and UDP met on one backend for 0 of 2/,
    ],
    [
      result('SourceIPProtocol', { tcp: sticky, udp: sticky }),
      /^ARM SourceIPProtocol: TCP and UDP met on one backend for every/,
    ],
    [
      result('SourceIPProtocol', {
        tcp: sticky,
        udp: [
          ['b1', 'b1'],
          ['b1', 'b1'],
        ],
      }),
      /^ARM SourceIPProtocol, UDP: nothing reached b2/,
    ],
    [result('Default', { tcp: spread, udp: spread, failed: 1 }), /^ARM Default, TCP: 1 calls failed/],
    [result('SourceIP', { tcp: spread, udp: sticky, api: 'classic' }), /^classic sourceIP, TCP: only 0 of 2 clients/],
    [
      {
        ...result('Default', { tcp: spread, udp: spread }),
        received: new Map([
          ['tcp b1', 9],
          ['tcp b2', 2],
          ['udp b1', 2],
          ['udp b2', 2],
        ]),
      },
      /^ARM Default, TCP: b1 counted 9 calls, the clients 2/,
    ],
  ];
  for (const [wrong, expected] of cases) t.match(contradictions([wrong], backends)[0], expected);
});

test('clients call from addresses of their own and learn who answered', async (t) => {
  const backend = await EchoBackend.start({ address: '127.0.0.1', port: 0 });
  t.teardown(() => backend.close());
  const clients = ['127.88.1.1', '127.88.1.2'];
  for (const call of [callTcp, createUdpCaller()]) {
    const { backendsOf, failed } = await runRound({ target: backend, clients, callsPerClient: 3 }, call);
    t.equal(failed, 0);
    t.strictSame([...backendsOf.values()], [Array(3).fill('127.0.0.1'), Array(3).fill('127.0.0.1')]);
  }
});

test('a call that nobody answers, or that another address is said to have made, has failed', async (t) => {
  const liar = net.createServer((socket) => socket.resume().end('backend 127.0.0.4:1 saw 127.0.0.99:1\n'));
  liar.listen(0, '127.0.0.1');
  await nextEvent(liar, 'listening');
  const { port } = liar.address() as net.AddressInfo;
  const target = { address: '127.0.0.1', port };
  await t.rejects(callTcp(target, '127.88.1.1'), { message: /^no backend in 'backend 127\.0\.0\.4:1 saw/ });
  liar.close();
  await nextEvent(liar, 'close');
  await t.rejects(callTcp(target, '127.88.1.1'), { code: 'ECONNREFUSED' });
  const { failed } = await runRound({ target, clients: ['127.88.1.1'], callsPerClient: 4 }, callTcp);
  t.equal(failed, 4);
  const mute = createSocket('udp4');
  mute.on('message', (_message, { port, address }) => mute.send('nonsense', port, address));
  mute.bind(0, '127.0.0.1');
  await nextEvent(mute, 'listening');
  await t.rejects(createUdpCaller()({ address: '127.0.0.1', port: mute.address().port }, '127.88.1.1'), {
    message: /^no backend in 'nonsense'/,
  });
  mute.close();
});

test('a held connection knows its backend and notices its own end', async (t) => {
  const backend = await EchoBackend.start({ address: '127.0.0.1', port: 0 });
  const held = new HeldConnection(backend, '127.88.1.1');
  t.ok(await held.isAlive());
  t.ok(await held.isAlive());
  t.equal(held.backend, '127.0.0.1');
  await backend.close();
  t.notOk(await held.isAlive());
  held.close();
});
