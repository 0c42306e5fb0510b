/** How the built modules are run: with the code that an earlier process has kept, or without it. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Modules } from '../src/launch.js';

const wrapped = (code: string) => `(function (exports, require, module, moduleUrl) {${code}\n})`;
const files = {
  'main.cjs': wrapped(`const { twice } = require('./chunk.cjs');
exports.answer = twice(require('node:path').basename(moduleUrl).length);
exports.twice = twice;`),
  'chunk.cjs': wrapped('exports.twice = (number) => 2 * number;'),
};

type Main = { answer: number; twice: unknown };

/** Two modules, and a place to keep them; `start` is what a new process does. */
function prepare(t: Test, env: NodeJS.ProcessEnv = {}) {
  const folder = t.testdir({ modules: files, kept: {} });
  const modules = join(folder, 'modules');
  const kept = join(folder, 'kept');
  const start = (build = 'one'): Modules =>
    new Modules({ folder: modules, build, env: { NODE_COMPILE_CACHE: kept, ...env } });
  const answer = (started: Modules): number => (started.load('main.cjs') as Main).answer;
  const place = (): string => join(kept, String(readdirSync(kept)[0]));
  /** Names and inodes of the files that are kept: a file that is written again has another inode. */
  const inodes = () => new Map(readdirSync(place()).map((name) => [name, statSync(join(place(), name)).ino]));
  return { modules, kept, start, answer, place, inodes };
}

t.test('A module runs once, and sees those beside it and those of Node', async (t) => {
  const { start, answer } = prepare(t);
  const first = start();
  t.equal(answer(first), 16);
  t.equal(first.load('main.cjs'), first.load('main.cjs'));
  t.equal((first.load('main.cjs') as Main).twice, first.load('chunk.cjs').twice);
});

t.test('What is compiled is kept in files of this user alone, and the next start takes it', async (t) => {
  const { start, answer, place, inodes } = prepare(t);
  const first = start();
  answer(first);
  first.keep();
  const written = inodes();
  t.equal(written.size, 2);
  t.equal(statSync(place()).mode & 0o777, 0o700);
  for (const name of written.keys()) t.equal(statSync(join(place(), name)).mode & 0o777, 0o600);
  const second = start();
  t.equal(answer(second), 16);
  second.keep();
  t.strictSame(inodes(), written, 'nothing was compiled again');
});

t.test('What is damaged, cut short or of another build is compiled and kept again', async (t) => {
  const { start, answer, place, inodes } = prepare(t);
  const first = start();
  answer(first);
  first.keep();
  const damage: Record<string, (bytes: Buffer) => Buffer> = {
    damaged: (bytes) => Buffer.from(bytes.map((byte, index) => (index === bytes.length >> 1 ? byte ^ 1 : byte))),
    short: (bytes) => bytes.subarray(0, bytes.length >> 1),
    empty: () => Buffer.alloc(0),
  };
  for (const [what, change] of Object.entries(damage)) {
    for (const name of inodes().keys()) writeFileSync(join(place(), name), change(readFileSync(join(place(), name))));
    const before = inodes();
    const next = start();
    t.equal(answer(next), 16, what);
    next.keep();
    const after = inodes();
    t.ok(
      [...before].every(([name, file]) => after.get(name) !== file),
      `${what}: written again`,
    );
  }
  const before = inodes();
  const other = start('two');
  t.equal(answer(other), 16);
  other.keep();
  t.ok([...before].every(([name, file]) => inodes().get(name) !== file));
});

t.test('What was kept of a module that is gone is removed', async (t) => {
  const { modules, start, answer, inodes } = prepare(t);
  writeFileSync(join(modules, 'old.cjs'), wrapped('exports.old = true;'));
  const first = start();
  answer(first);
  first.load('old.cjs');
  first.keep();
  t.equal(inodes().size, 3);
  rmSync(join(modules, 'old.cjs'));
  const second = start('two');
  answer(second);
  second.keep();
  t.equal(inodes().size, 2);
});

t.test('Where nothing can or may be kept, everything is compiled', async (t) => {
  await t.test('NODE_DISABLE_COMPILE_CACHE', async (t) => {
    const { kept, start, answer } = prepare(t, { NODE_DISABLE_COMPILE_CACHE: '1' });
    const started = start();
    t.equal(answer(started), 16);
    started.keep();
    t.strictSame(readdirSync(kept), []);
  });
  await t.test('a folder that is a file', async (t) => {
    const { modules, start, answer } = prepare(t, { NODE_COMPILE_CACHE: join(t.testdirName, 'modules', 'main.cjs') });
    const started = start();
    t.equal(answer(started), 16);
    started.keep();
    t.strictSame(readdirSync(modules).sort(), Object.keys(files).sort());
  });
  await t.test('a folder that others may read or write', { skip: process.platform === 'win32' }, async (t) => {
    const { kept, start, answer } = prepare(t);
    const place = join(kept, `lazurite-code-${process.getuid?.()}`);
    mkdirSync(place);
    chmodSync(place, 0o755);
    const started = start();
    t.equal(answer(started), 16);
    started.keep();
    t.strictSame(readdirSync(place), []);
  });
});
