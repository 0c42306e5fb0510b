import { test } from 'tap';
import { textTable } from '../../src/cli/ask.js';
import { commands } from '../../src/cli/commands.js';
import { frontendsTable } from '../../src/cli/data-plane-commands.js';
import { createHttpClient } from '../../src/cli/http-client.js';
import { environmentName, options } from '../../src/config/config.js';
import { fakeInstance, runLazurite } from './harness.js';

const frontend = {
  azureAddress: '10.0.0.100',
  transport: 'tcp',
  port: 80,
  state: 'Fallback',
  boundAddress: '127.0.0.100',
  boundPort: 8080,
  reason: 'port 80 needs more rights',
  rule: '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/loadBalancers/lb1/loadBalancingRules/web',
};

test('--help prints every command and every option with its variable', async (t) => {
  for (const argv of [['--help'], ['-h'], ['help'], ['start', '--help'], ['help', 'start']]) {
    const { exitCode, out } = await runLazurite(argv);
    t.equal(exitCode, 0);
    for (const definition of Object.values(options)) {
      t.match(out, `--${definition.name}`, `${argv}: --${definition.name}`);
      t.match(out, environmentName(definition));
    }
  }
  const { out } = await runLazurite(['--help']);
  for (const name of Object.keys(commands)) t.match(out, new RegExp(`^  ${name} +\\w`, 'm'));
});

test('every command explains itself', async (t) => {
  for (const name of Object.keys(commands)) {
    const { exitCode, out } = await runLazurite([name, '--help']);
    t.equal(exitCode, 0);
    t.match(out, new RegExp(`^Usage: lazurite \\[?${name}`));
  }
});

test('a command that is not there is named, with the way to those that are', async (t) => {
  await t.rejects(runLazurite(['strat']), {
    name: 'UsageError',
    message: "there is no command 'strat'; did you mean 'start'? (lazurite --help lists them)",
  });
  await t.rejects(runLazurite(['start', '--prot', '1']), { message: /'--prot'; did you mean '--port'\?/ });
  for (const name of ['toString', '__proto__']) {
    await t.rejects(runLazurite([name]), {
      name: 'UsageError',
      message: `there is no command '${name}' (lazurite --help lists them)`,
    });
  }
});

test('a bad option of start is refused before anything is started', async (t) => {
  await t.rejects(runLazurite(['--port', 'x']), { name: 'UsageError', message: /--port must be/ });
  await t.rejects(runLazurite(['start', '--nonsense']), { name: 'UsageError', message: /'--nonsense'/ });
});

test('frontends shows where each Azure address is reached, and why not elsewhere', async (t) => {
  const { url } = await fakeInstance(t, {
    routes: (app) => {
      app.get('/_lazurite/frontends', async () => ({ value: [frontend] }));
    },
  });
  const { out } = await runLazurite(['frontends', '--url', url]);
  t.equal(
    out,
    [
      'Azure address  protocol  reached at        state     rule                        reason',
      '-------------  --------  ----------------  --------  --------------------------  -------------------------',
      '10.0.0.100:80  tcp       127.0.0.100:8080  Fallback  lb1/loadBalancingRules/web  port 80 needs more rights',
    ].join('\n'),
  );
  const json = await runLazurite(['frontends', '--json'], { LAZURITE_URL: url });
  t.strictSame(JSON.parse(json.out), { value: [frontend] });
});

test('frontends without a place, and every port of one, are shown as such', async (t) => {
  const unbound = {
    ...frontend,
    azureAddress: 'fd00::1',
    port: 0,
    state: 'Unbound',
    boundAddress: null,
    boundPort: null,
  };
  t.match(frontendsTable([unbound]), /^\[fd00::1\]:\* +tcp +– +Unbound/m);
  t.match(frontendsTable([]), 'There are no frontends');
});

test('reset asks the running emulator to start afresh', async (t) => {
  let resets = 0;
  const { url } = await fakeInstance(t, {
    routes: (app) => {
      app.post('/_lazurite/reset', async (_request, reply) => {
        resets++;
        return reply.code(204).send();
      });
    },
  });
  const { exitCode, out } = await runLazurite(['reset', '--url', url]);
  t.match({ exitCode, out, resets }, { exitCode: 0, out: /is as new$/, resets: 1 });
});

test('a command finds the emulator by the port in the environment', async (t) => {
  const { url } = await fakeInstance(t, {
    routes: (app) => {
      app.get('/_lazurite/frontends', async () => ({ value: [] }));
    },
  });
  const { out } = await runLazurite(['frontends'], { LAZURITE_PORT: new URL(url).port });
  t.match(out, 'There are no frontends');
});

test('where nothing listens, a command says what to do', async (t) => {
  await t.rejects(runLazurite(['reset', '--url', 'http://127.0.0.1:1']), {
    name: 'UsageError',
    message: 'nothing listens at http://127.0.0.1:1; start it with `lazurite start`, or name it with --url',
  });
  await t.rejects(runLazurite(['reset', '--url', 'nonsense']), { name: 'UsageError', message: /--url must be a URL/ });
  await t.rejects(runLazurite(['reset', '--nonsense']), { name: 'UsageError', message: "Unknown option '--nonsense'" });
  const { url } = await fakeInstance(t);
  await t.rejects(runLazurite(['frontends', '--url', url]), {
    name: 'UsageError',
    message: /answered 404: is it a Lazurite/,
  });
  await t.rejects(runLazurite(['reset', '--url', url]), { name: 'UsageError', message: /refused to reset/ });
  await t.rejects(runLazurite(['store', '--url', url]), { name: 'UsageError', message: 'store wants upgrade' });
});

test('the client of commands keeps its connections, and trusts only the CA that it is given', async (t) => {
  const sockets = new Set<unknown>();
  const { url, caPem } = await fakeInstance(t, {
    routes: (app) => {
      app.put('/x', async (request) => {
        sockets.add(request.raw.socket);
        return { got: request.body };
      });
    },
  });
  const client = createHttpClient({ url, caPem });
  for (let call = 0; call < 3; call++)
    t.strictSame((await client.send('PUT', '/x', { a: 1 })).body, { got: '{"a":1}' });
  t.equal(sockets.size, 1);
  client.close();
  const distrustful = createHttpClient({ url });
  await t.rejects(distrustful.send('GET', '/x'), { name: 'UsageError', message: /cannot be reached/ });
  distrustful.close();
});

test('tables align words to the left and numbers to the right', async (t) => {
  t.equal(
    textTable(
      ['a', 'n'],
      [
        ['word', '1'],
        ['w', '1,000'],
      ],
    ),
    'a         n\n----  -----\nword      1\nw     1,000',
  );
});

test('a signal that has come already ends a command at once', async (t) => {
  const { aborted } = await import('../../src/cli/command.js');
  await aborted(AbortSignal.abort());
  const abort = new AbortController();
  const waiting = aborted(abort.signal);
  abort.abort();
  await waiting;
  t.pass('both resolve');
});
