/** Debian's PostgreSQL for tests: a server of its own on a socket in a temporary folder, as an unprivileged user. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { until } from './turns.js';

const installed = '/usr/lib/postgresql';

/** The folder of its programs; undefined where it is not installed. */
function programs(): string | undefined {
  const versions = existsSync(installed) ? readdirSync(installed).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(installed, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
}

/** Why tests that need it are skipped; `false` when they are not. */
export const withoutPostgres: string | false =
  programs() === undefined && 'PostgreSQL is not installed here (Debian: apt-get install postgresql)';

/** The user `nobody`: the server refuses to run as root. */
const nobody = { uid: 65534, gid: 65534 };

export class Postgres {
  readonly folder: string;
  readonly #bin: string;
  readonly #user: { uid: number; gid: number } | Record<string, never>;
  #server: ChildProcess | undefined;

  constructor() {
    this.#bin = programs() ?? '';
    this.folder = mkdtempSync(join(tmpdir(), 'lazurite-postgres-'));
    this.#user = process.getuid?.() === 0 ? nobody : {};
    if (this.#user.uid !== undefined) {
      chownSync(this.folder, nobody.uid, nobody.gid);
      // Root of a namespace reaches the socket as any user does.
      chmodSync(this.folder, 0o711);
    }
    const options = ['--auth=trust', '--username=lazurite', '--no-sync', '--encoding=UTF8', '--locale=C'];
    execFileSync(join(this.#bin, 'initdb'), ['-D', join(this.folder, 'data'), ...options], {
      ...this.#user,
      stdio: 'ignore',
      cwd: this.folder,
    });
  }

  /** How clients reach it. */
  get url(): string {
    return `postgresql://lazurite@localhost/postgres?host=${this.folder}`;
  }

  /** Starts the server; resolves when it answers. `isDurable`: what it acknowledges survives a loss of power. */
  async start({ isDurable = false } = {}): Promise<void> {
    const sync = isDurable ? [] : ['-c', 'fsync=off'];
    const settings = ['-c', 'listen_addresses=', ...sync, '-c', 'max_connections=100'];
    const data = join(this.folder, 'data');
    this.#server = spawn(join(this.#bin, 'postgres'), ['-D', data, '-k', this.folder, ...settings], {
      ...this.#user,
      stdio: 'ignore',
      cwd: this.folder,
    });
    await this.#untilReady();
  }

  /** Ends the server, and every connection to it. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGINT');
    await ended;
  }

  /** Ends the server and removes what it has left. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** One statement on a connection of its own. */
  async query(text: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: this.url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  }

  async #untilReady(): Promise<void> {
    const isReady = (): boolean => {
      try {
        execFileSync(join(this.#bin, 'pg_isready'), ['-q', '-h', this.folder]);
        return true;
      } catch {
        return false;
      }
    };
    await until('a PostgreSQL that answers', () => {
      if (this.#server?.exitCode !== null) throw new Error(`PostgreSQL ended with ${this.#server?.exitCode}`);
      return isReady();
    });
  }
}
