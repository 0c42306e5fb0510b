/** az as a user has it, in a home of its own: found, repaired where Debian's package needs it, run by bash. */
import { execFile, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { nextEvent } from '../turns.js';

const beside = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where az is installed; undefined when it is not. */
export const azPath = (): string | undefined =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'az'))
    .find(isExecutable);

/** Debian's az is a Python script; Microsoft's own package is a shell script with a Python beside it. */
const isDebian = (az: string): boolean => readFileSync(az, 'utf8').startsWith('#!/usr/bin/python3');

export interface ShellResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class AzureCli {
  /** Where commands run: files that they write are gone after the test. */
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(folder: string) {
    this.folder = folder;
    this.#env = {
      HOME: this.folder,
      LANG: 'C.UTF-8',
      PATH: `${this.folder}${delimiter}${process.env.PATH}`,
      AZURE_CONFIG_DIR: join(this.folder, 'config'),
      AZURE_CORE_COLLECT_TELEMETRY: '0',
      AZURE_CORE_ONLY_SHOW_ERRORS: '1',
      NO_PROXY: 'localhost,127.0.0.0/8,127.0.0.1,::1',
    };
  }

  /** An az with a home of its own, which is removed after the test. */
  static async start(t: Test, az: string): Promise<AzureCli> {
    const cli = new AzureCli(mkdtempSync(join(tmpdir(), 'lazurite-az-')));
    t.teardown(() => rmSync(cli.folder, { recursive: true, force: true }));
    const command = isDebian(az) ? await cli.#startServer(t) : `'${az}'`;
    writeFileSync(join(cli.folder, 'az'), `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
    return cli;
  }

  /** Starts the process that imports az once for all commands; answers the command that stands for `az`. */
  async #startServer(t: Test): Promise<string> {
    const socket = join(this.folder, 'az.sock');
    const server = spawn('/usr/bin/python3', [beside('az-server.py'), socket], {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(() => server.kill());
    await nextEvent(server.stdout, 'data');
    return `/usr/bin/python3 -IS '${beside('az-client.py')}' '${socket}'`;
  }

  /** Sets a variable for every later command. */
  setEnvironment(variables: Readonly<Record<string, string>>): void {
    Object.assign(this.#env, variables);
  }

  /** Runs a script in bash; a failing command ends it. */
  shell(script: string): Promise<ShellResult> {
    const options = { cwd: this.folder, env: this.#env, maxBuffer: 2 ** 24 };
    return new Promise((resolve) => {
      execFile(
        'bash',
        ['--norc', '--noprofile', '-euo', 'pipefail', '-c', script],
        options,
        (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
          resolve({ code, stdout, stderr });
        },
      );
    });
  }

  /** What `az …` prints, as JSON; undefined when it prints nothing. Throws what az said when it failed. */
  async json(command: string): Promise<unknown> {
    const { code, stdout, stderr } = await this.shell(`az ${command}`);
    if (code !== 0) throw new Error(`az ${command}\nexit code ${code}\n${stderr}`);
    return stdout.trim() === '' ? undefined : JSON.parse(stdout);
  }
}
