// `build.mjs [FOLDER] [--without-portal]`: the code of dist/, joined into a few files, because opening 700 modules is most of what a start costs. Types: tsc.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build, transform } from 'esbuild';
import { build as buildPortal } from 'vite';

/** What is run: the command, the library, and a thread, which begins in a file of its own. */
const published = ['src/main.ts', 'src/index.ts', 'src/data-plane/userspace/worker.ts'];
/**
 * The library for `require`: Jest has a `require` of its own that knows no `process` and no modules of Node's, so Node's
 * is asked for outside of Jest's context.
 */
const commonJs = `'use strict';
const { createRequire } = require('node:vm').runInThisContext('process').getBuiltinModule('node:module');
module.exports = createRequire(__filename)('./code/launch.cjs').load('index.cjs');
`;
/** What scripts/ uses. */
const forScripts = [
  'src/api/admin/fault-schema.ts',
  'src/config/config.ts',
  'src/emulator.ts',
  'src/errors/page.ts',
  'src/resources/known-types.ts',
  'src/config/undocumented.ts',
];
/** The pictures, styles and scripts of the OpenAPI page. */
const swaggerFiles = /^(swagger-ui\.css|swagger-ui-bundle\.js|favicon-.*\.png)$/;

/**
 * Modules that most processes never use, by name, and which modules ask for them. Each is put into files of its own, which
 * are read when the module is used. `members`: those that are used of one which is imported at a beginning; where there are
 * none, it is imported inside a function.
 */
const late = {
  ajv: { importer: /[\\/]src[\\/]resources[\\/]validation\.ts$/, members: ['Ajv'] },
  saxes: { importer: /[\\/]src[\\/]api[\\/]classic[\\/]xml[\\/]xml\.ts$/, members: ['SaxesParser'] },
  semver: { importer: /[\\/]fastify[\\/]lib[\\/]plugin-utils\.js$/, members: ['satisfies', 'gt', 'coerce'] },
  'light-my-request': { importer: /[\\/]fastify[\\/]fastify\.js$/ },
  '@fastify/ajv-compiler': { importer: /[\\/]fastify[\\/]lib[\\/]schema-controller\.js$/ },
  '@fastify/fast-json-stringify-compiler': { importer: /[\\/]fastify[\\/]lib[\\/]schema-controller\.js$/ },
  'node:dns/promises': { importer: /[\\/]src[\\/]http[\\/]download\.ts$/, members: ['lookup'] },
  'node:fs/promises': {
    importer:
      /[\\/]src[\\/](http[\\/]portal|api[\\/]openapi[\\/]openapi|api[\\/].*[\\/]package|emulator[\\/]stand-ins)\.ts$/,
    members: ['open', 'readdir', 'readFile'],
  },
  'node:zlib': { importer: /[\\/]service-model[\\/]package\.ts$/, members: ['inflateRawSync'] },
  'node:https': {
    importer: /[\\/](fastify[\\/]lib[\\/]server\.js|src[\\/]http[\\/](one-port|download)\.ts)$/,
    members: ['createServer', 'request'],
  },
  'node:http2': { importer: /[\\/]fastify[\\/]lib[\\/]server\.js$/, members: ['createServer', 'createSecureServer'] },
};

/** Modules of which little is used: what is, in their place. */
const inPart = {
  // The log is not pino's: src/http/server.ts gives Fastify one.
  pino: {
    importer: /[\\/]fastify[\\/]lib[\\/]logger-pino\.js$/,
    contents: `module.exports = {
      symbols: require('pino/lib/symbols.js'), stdSerializers: require('pino-std-serializers') };`,
  },
  // It is asked about patterns in find-my-way's own code alone: those of routes are not examined (src/http/server.ts).
  'safe-regex2': { importer: /[\\/]find-my-way[\\/]index\.js$/, contents: 'module.exports = () => true;' },
  // Nothing of it is needed as long as everything holds.
  'node:assert': {
    importer: /[\\/](find-my-way[\\/](index|lib[\\/].*)|fastify[\\/]lib[\\/]plugin-utils)\.js$/,
    contents: `module.exports = (holds, message) => { if (!holds) require('node:assert')(holds, message); };`,
  },
};
const replaced = { ...late, ...inPart };

/**
 * Functions that find-my-way compiles from text, one for each node and route. What V8 compiled is kept of files only, so every
 * start compiled these anew; in their place are closures that do the same.
 */
const closures = {
  node: '  return (path, i) => path.startsWith(prefix, i)',
  'handler-storage': `
    const { length } = params
    return (param0, param1, param2, param3, extraParams) => {
      const found = new NullObject()
      if (length > 0) found[params[0]] = param0
      if (length > 1) found[params[1]] = param1
      if (length > 2) found[params[2]] = param2
      if (length > 3) found[params[3]] = param3
      for (let i = 4; i < length; i++) found[params[i]] = extraParams[i - 4]
      return found
    }`,
};
const compiledFromText = {
  node: /^ {2}const lines = \[\]$[\s\S]*?^ {2}return new Function\('path', 'i'[\s\S]*?$/m,
  'handler-storage': /^ {4}const fnBody = [\s\S]*?^ {4}return new Function\('NullObject'[\s\S]*?$/m,
};
const routerWithoutText = {
  name: 'router-without-text',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]find-my-way[\\/]lib[\\/](node|handler-storage)\.js$/ }, ({ path }) => {
      const name = basename(path, '.js');
      const text = readFileSync(path, 'utf8');
      const contents = text.replace(compiledFromText[name], () => closures[name]);
      if (contents === text) return { errors: [{ text: `${path} compiles no functions as scripts/build.mjs says` }] };
      return { contents };
    });
  },
};

const isOwnFile = (name) => Object.hasOwn(late, name) && !name.startsWith('node:');
/** The name of the file of a late module, without its ending. */
const fileOf = (name) => `late-${name.replaceAll(/\W+/g, '')}`;

/** Puts what loads its file in the place of a late module, and in that of another what is used of it. */
const lateModules = {
  name: 'late-modules',
  setup({ onResolve, onLoad, onEnd }) {
    const found = new Set();
    onResolve({ filter: new RegExp(`^(${Object.keys(replaced).join('|')})$`) }, ({ path, importer, namespace }) => {
      if (namespace !== 'file' || !replaced[path].importer.test(importer)) return undefined;
      found.add(path);
      return { path, namespace: 'late', pluginData: dirname(importer) };
    });
    onResolve({ filter: /^\.\/late-/, namespace: 'late' }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /.*/, namespace: 'late' }, ({ path, pluginData: resolveDir }) => {
      if (inPart[path]) return { contents: inPart[path].contents, resolveDir };
      const loading = isOwnFile(path) ? `require('./${fileOf(path)}.cjs').default` : `require('${path}')`;
      const { members } = late[path];
      const getters = members?.map((name) => `get ${name}() { return ${loading}.${name}; }`).join(',');
      return { contents: `module.exports = ${members ? `{ ${getters} }` : loading};`, resolveDir };
    });
    onEnd(() => {
      const missing = Object.keys(replaced).filter((name) => !found.has(name));
      return { errors: missing.map((name) => ({ text: `nobody imports ${name} as scripts/build.mjs says` })) };
    });
  },
};

const target = { platform: 'node', target: 'node20', logLevel: 'warning' };
/** Every start reads the text of what it runs. */
const minify = { minifySyntax: true, minifyWhitespace: true };

/**
 * Joins the sources into `outdir`: the code in `code/`, which src/launch.ts loads, and a small module in the place of each
 * entry. With `purpose` `package`: only what a user runs. Answers esbuild's metafile, which names every file that went in.
 */
export async function bundle({ outdir, purpose = 'repository', withPortal = true }) {
  const forPackage = purpose === 'package';
  const entries = forPackage ? published : [...published, ...forScripts];
  const code = join(outdir, 'code');
  rmSync(outdir, { recursive: true, force: true });
  const { metafile, outputFiles } = await build({
    ...target,
    outdir: code,
    entryPoints: [
      ...entries.map((file) => ({ in: file, out: basename(file, '.ts') })),
      ...Object.keys(late)
        .filter(isOwnFile)
        .map((name) => ({ in: name, out: fileOf(name) })),
    ],
    bundle: true,
    splitting: true,
    format: 'esm',
    outExtension: { '.js': '.cjs' },
    // A package has all licences in one file.
    legalComments: forPackage ? 'none' : 'linked',
    metafile: true,
    write: false,
    // Native addons, which look for files beside them; the second is never used.
    external: ['better-sqlite3', 'pg-native'],
    plugins: [lateModules, routerWithoutText],
  });
  mkdirSync(code, { recursive: true });
  const written = createHash('sha256');
  for (const { path, text } of outputFiles) {
    const contents = path.endsWith('.cjs') ? await asCommonJs(text) : text;
    writeFileSync(path, contents);
    written.update(path).update(contents);
  }
  await writeLauncher({ code, build: written.digest('hex') });
  for (const { entryPoint, exports } of Object.values(metafile.outputs)) {
    if (entries.includes(entryPoint)) writeEntry({ outdir, entryPoint, exports });
  }
  writeFileSync(join(outdir, 'index.cjs'), commonJs);
  const swagger = 'node_modules/@fastify/swagger-ui/static';
  mkdirSync(join(outdir, 'swagger-ui'), { recursive: true });
  for (const file of readdirSync(swagger).filter((name) => swaggerFiles.test(name))) {
    cpSync(join(swagger, file), join(outdir, 'swagger-ui', file));
  }
  if (withPortal) {
    await buildPortal({
      configFile: 'src/portal/vite.config.mjs',
      build: { outDir: resolve(outdir, 'portal') },
      logLevel: 'error',
    });
  }
  return metafile;
}

/** Only scripts, not modules, can be run by what V8 has compiled before: esbuild divides modules, then each becomes one. */
async function asCommonJs(text) {
  const supported = { 'dynamic-import': false };
  const define = { 'import.meta.url': 'moduleUrl' };
  const { code } = await transform(text, { ...target, ...minify, format: 'cjs', supported, define });
  return `(function (exports, require, module, moduleUrl) {${code}\n})`;
}

async function writeLauncher({ code, build: id }) {
  const contents = `import { Modules } from './src/launch.js';
module.exports = new Modules({ folder: __dirname, build: '${id}', env: process.env });`;
  await build({
    ...target,
    ...minify,
    stdin: { contents, resolveDir: '.' },
    outfile: join(code, 'launch.cjs'),
    bundle: true,
    format: 'cjs',
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  });
}

/** `src/config/config.ts` is `dist/config/config.js` to those who import it, which exports what `code/config.cjs` does. */
function writeEntry({ outdir, entryPoint, exports }) {
  const file = join(outdir, relative('src', entryPoint).replace(/ts$/, 'js'));
  const launcher = `./${relative(dirname(file), join(outdir, 'code/launch.cjs'))}`;
  const loading = `createRequire(import.meta.url)('${launcher}').load('${basename(entryPoint, '.ts')}.cjs');\n`;
  const names = exports.length > 0 ? `export const { ${exports.join(', ')} } = ` : '';
  const isCommand = entryPoint === published[0];
  mkdirSync(dirname(file), { recursive: true });
  // To import CommonJS would take Node longer: it looks for what is exported.
  const begin = `${isCommand ? '#!/usr/bin/env node\n' : ''}import { createRequire } from 'node:module';\n`;
  writeFileSync(file, begin + names + loading, { mode: isCommand ? 0o755 : 0o644 });
}

// It may be called through a symbolic link.
if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  const { values, positionals } = parseArgs({
    options: { 'without-portal': { type: 'boolean' } },
    allowPositionals: true,
  });
  await bundle({ outdir: positionals[0] ?? 'dist', withPortal: !values['without-portal'] });
}
