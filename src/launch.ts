/**
 * Runs the built modules. Compiling them is most of a start, so that what V8 compiled in one process is kept for the next
 * one, where Node keeps its own: in a folder for temporary files, or in `NODE_COMPILE_CACHE`; `NODE_DISABLE_COMPILE_CACHE`
 * turns it off. Whatever is wrong with what was kept, the modules are compiled as if there were nothing.
 */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, fstatSync, lstatSync, openSync, readdirSync, readSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { isMainThread } from 'node:worker_threads';
import { ensurePrivateFolder, writePrivateFile } from './support/files.js';

export interface ModulesOptions {
  /** The folder of the built modules, which are CommonJS. */
  readonly folder: string;
  /** Changes with every build. */
  readonly build: string;
  readonly env: NodeJS.ProcessEnv;
}

type Exports = Record<string, unknown>;
/** What the build makes of a module: a function of what CommonJS gives, and of its `import.meta.url`. */
type Body = (exports: Exports, require: (name: string) => unknown, module: { exports: Exports }, url: string) => void;

/** At least as many as the files of a start have. Memory that is never written takes nothing. */
const usualBytes = 1024 * 1024;
const digestLength = 32;
const ending = '.bin';
/** Real time in which a start has come to its end. Functions that were not called by then are compiled when they are. */
const keepAfterMs = 5000;

export class Modules {
  readonly #options: ModulesOptions;
  /** Where compiled code is kept, with the beginning of the names of its files; undefined where nothing is. */
  readonly #kept: string | undefined;
  readonly #loaded = new Map<string, { exports: Exports }>();
  /** Compiled in this process, and not kept yet. */
  readonly #fresh = new Map<string, Script>();
  readonly #native: NodeJS.Require;
  #timer: NodeJS.Timeout | undefined;
  /** What is read from files, one after the other: to take new memory for each takes longer than to read. */
  #bytes = Buffer.allocUnsafeSlow(usualBytes);

  constructor(options: ModulesOptions) {
    this.#options = options;
    this.#native = createRequire(join(options.folder, 'modules.cjs'));
    this.#kept = keptPlace(options);
    if (this.#kept !== undefined) process.once('exit', () => this.keep());
  }

  /** What the module in this file exports; it runs at the first call. */
  load(name: string): Exports {
    const known = this.#loaded.get(name);
    if (known) return known.exports;
    const module = { exports: {} };
    this.#loaded.set(name, module);
    const file = join(this.#options.folder, name);
    const body = this.#compiled(name, file).runInThisContext() as Body;
    const require = (wanted: string): unknown =>
      wanted.startsWith('./') ? this.load(basename(wanted)) : this.#native(wanted);
    body(module.exports, require, module, pathToFileURL(file).href);
    return module.exports;
  }

  #compiled(name: string, filename: string): Script {
    // The build writes ASCII only.
    const source = this.#read(filename).toString('latin1');
    const cachedData = this.#keptCode(name);
    const script = new Script(source, { filename, ...(cachedData && { cachedData }) });
    if (this.#kept !== undefined && (!cachedData || script.cachedDataRejected)) {
      this.#fresh.set(name, script);
      this.#timer ??= setTimeout(() => this.keep(), keepAfterMs).unref();
    }
    return script;
  }

  /** Keeps what was compiled since the last call, with the functions that have been called. */
  keep(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const scripts = [...this.#fresh];
    this.#fresh.clear();
    try {
      for (const [name, script] of scripts) {
        const code = script.createCachedData();
        writePrivateFile(this.#fileOf(name), Buffer.concat([this.#digest(code), code]));
      }
      if (scripts.length > 0) this.#forgetOldModules();
    } catch {
      // A full disk, or a folder that is gone: the next start compiles for itself.
    }
  }

  /** Removes what was kept of modules that this installation had before it was changed. */
  #forgetOldModules(): void {
    const place = dirname(this.#fileOf(''));
    const beginning = basename(this.#fileOf('')).slice(0, -ending.length);
    for (const file of readdirSync(place).filter((name) => name.startsWith(beginning) && name.endsWith(ending))) {
      const module = file.slice(beginning.length, -ending.length);
      if (!existsSync(join(this.#options.folder, module))) rmSync(join(place, file), { force: true });
    }
  }

  /** V8 looks at the version of kept code and at the length of its source, but not whether the code is what it wrote. */
  #keptCode(name: string): Buffer | undefined {
    if (this.#kept === undefined) return undefined;
    try {
      const bytes = this.#read(this.#fileOf(name));
      const code = bytes.subarray(digestLength);
      return this.#digest(code).equals(bytes.subarray(0, digestLength)) ? code : undefined;
    } catch {
      return undefined;
    }
  }

  /** The bytes of a file, until the next call. */
  #read(file: string): Buffer {
    const descriptor = openSync(file, 'r');
    try {
      const { size } = fstatSync(descriptor);
      if (this.#bytes.length < size) this.#bytes = Buffer.allocUnsafeSlow(size);
      let length = 0;
      for (let more = -1; more !== 0 && length < size; length += more) {
        more = readSync(descriptor, this.#bytes, length, size - length, null);
      }
      return this.#bytes.subarray(0, length);
    } finally {
      closeSync(descriptor);
    }
  }

  #fileOf(name: string): string {
    return `${this.#kept}${name}${ending}`;
  }

  #digest(code: Buffer): Buffer {
    return createHash('sha256').update(this.#options.build).update(code).digest();
  }
}

/**
 * One set of files for each installation, version of Node and kind of thread. Code is run from there, so that the folder
 * must belong to this user, and other users must have no access to it.
 */
function keptPlace({ folder, env }: ModulesOptions): string | undefined {
  if (env.NODE_DISABLE_COMPILE_CACHE) return undefined;
  const user = process.getuid?.();
  const place = join(
    env.NODE_COMPILE_CACHE || tmpdir(),
    user === undefined ? 'lazurite-code' : `lazurite-code-${user}`,
  );
  try {
    ensurePrivateFolder(place);
    const status = lstatSync(place);
    const isPrivate = user === undefined || (status.uid === user && (status.mode & 0o077) === 0);
    if (!status.isDirectory() || !isPrivate) return undefined;
  } catch {
    return undefined;
  }
  const installation = createHash('sha256').update(`${folder} ${process.version} ${process.arch}`).digest('hex');
  return join(place, `${installation.slice(0, 16)}-${isMainThread ? 'main' : 'thread'}-`);
}
