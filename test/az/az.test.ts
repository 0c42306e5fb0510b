/** az, unchanged, against a whole emulator: the guide's own commands, the commands of load balancing, and templates. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { runCommand } from '../../src/cli/commands.js';
import { parseConfig } from '../../src/config/config.js';
import { Emulator } from '../../src/emulator.js';
import { silentLog } from '../../src/support/log.js';
import { AzureCli, azPath } from './azure-cli.js';
import { balancerCommands } from './balancer-commands.js';
import { deploymentCommands } from './deployment-commands.js';
import { outputPattern, readGuide } from './guide.js';

const guide = new URL('../../docs/clients/az.md', import.meta.url);
const az = azPath();
const everything = process.env.LAZURITE_TEST_ALL === '1';

interface Stage {
  readonly emulator: Emulator;
  readonly cli: AzureCli;
}

/** An emulator with its data plane, and az in a folder of its own. */
async function setStage(t: Test, azFile: string): Promise<Stage> {
  const config = parseConfig(['--port', '0', '--in-memory', '--public-ip-pool', '127.231.0.0/16'], {});
  const emulator = await Emulator.start(config, { log: silentLog });
  t.teardown(() => emulator.close());
  return { emulator, cli: await AzureCli.start(t, azFile) };
}

/** Runs a command of lazurite as a user would; what it prints goes to a file that stands in for it in the guide. */
async function lazurite(argv: readonly string[], { cli }: Stage, signal: AbortSignal): Promise<void> {
  const file = join(cli.folder, `lazurite-${argv[0]}`);
  const lines: string[] = [];
  writeFileSync(file, '');
  const print = (line: string): void => {
    lines.push(line);
    writeFileSync(file, `${lines.join('\n')}\n`);
  };
  await runCommand(argv, { env: process.env, print, printError: print, signal });
}

/** `npx lazurite COMMAND` in the guide is the command that this process runs. */
const npx = 'npx() { cat "lazurite-$2"; }\n';

async function followGuide(t: Test, stage: Stage): Promise<void> {
  const { emulator, cli } = stage;
  const steps = readGuide(guide);
  const [, backends = ''] = /npx lazurite backend (.*)/.exec(steps.map(({ script }) => script).join('\n')) ?? [];
  const stop = new AbortController();
  const running = lazurite(['backend', ...backends.split(' ')], stage, stop.signal);
  await lazurite(['env', 'bash', '--url', emulator.url, '--data', join(cli.folder, 'data')], stage, stop.signal);
  const marked = steps.map(({ script }, index) => `printf '\\n@@ ${index}\\n'\n${script}`).join('\n');
  const { code, stdout, stderr } = await cli.shell(npx + marked.replaceAll('https://localhost:4567', emulator.url));
  stop.abort();
  await running;
  t.equal(code, 0, stderr);
  const printed = stdout.split(/^@@ \d+$/m).slice(1);
  t.equal(printed.length, steps.length, 'every block of the page was run');
  for (const [index, { script, output }] of steps.entries()) {
    const [title = ''] = script.trim().split('\n');
    if (output !== undefined) t.match(printed[index]?.trim(), outputPattern(output), `${title.slice(0, 60)} …`);
  }
}

// az is Python: its commands take long on a busy machine.
const timeout = 1_800_000;
t.setTimeout(timeout);

t.test('az', { skip: az || everything ? false : 'az is not installed', timeout }, async (t) => {
  if (!az) return t.fail('az is not installed');
  const stage = await setStage(t, az);
  await t.test('The page about az says what az does', (t) => followGuide(t, stage));
  stage.cli.setEnvironment({ REQUESTS_CA_BUNDLE: join(stage.cli.folder, 'data', 'ca-bundle.pem') });
  await t.test('Every command of load balancing answers as on Azure', (t) => balancerCommands(t, stage.cli));
  await t.test('Templates are deployed, and what-if then finds nothing to change', (t) => deploymentCommands(t, stage));
});
