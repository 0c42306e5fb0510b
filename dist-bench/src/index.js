/**
 * The library: a Lazurite inside a Node process, for tests that want Azure's API without a second terminal.
 *
 * ```ts
 * import { NetworkManagementClient } from '@azure/arm-network';
 * import { startLazurite } from 'lazurite';
 *
 * await using lazurite = await startLazurite();
 * const { credential, subscriptionId, clientOptions } = lazurite;
 * const network = new NetworkManagementClient(credential, subscriptionId, clientOptions);
 * ```
 */
/// <reference lib="esnext.disposable" preserve="true" />
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCaFiles } from './cli/ca-files.js';
import { variables } from './cli/env.js';
import { options as definitions, parseConfig } from './config/config.js';
import { defaultSubscriptionId, defaultTenantId } from './config/tenant.js';
import { silentLog, stderrLog } from './support/log.js';
import { UsageError } from './support/usage-error.js';
export { UsageError } from './support/usage-error.js';
/** Options as `start` would read them; `seed` is a file. */
function argvOf({ verbose: _, seed: _seed, ...options }, seed) {
    const { data, port = 0, strictBind = options.engine !== 'none', ...others } = options;
    const argv = [`--port=${port}`, data === undefined ? '--in-memory' : `--data=${data}`];
    argv.push(`--${strictBind ? '' : 'no-'}strict-bind`);
    for (const [key, value] of Object.entries({ ...others, seed })) {
        if (value === undefined)
            continue;
        if (!Object.hasOwn(definitions, key))
            throw new UsageError(`startLazurite has no option '${key}'`);
        const { name } = definitions[key];
        for (const one of [value].flat()) {
            argv.push(typeof one === 'boolean' ? `--${one ? '' : 'no-'}${name}` : `--${name}=${one}`);
        }
    }
    return argv;
}
/** A client of the admin API. */
class Admin {
    #httpUrl;
    #headers;
    constructor({ httpUrl, adminSecret }) {
        this.#httpUrl = httpUrl;
        this.#headers = adminSecret === undefined ? {} : { authorization: `Bearer ${adminSecret}` };
    }
    async send(method, path, body) {
        const json = body === undefined ? {} : { 'content-type': 'application/json' };
        const response = await fetch(`${this.#httpUrl}/_lazurite/${path}`, {
            method,
            headers: { ...this.#headers, ...json },
            ...(body !== undefined && { body: JSON.stringify(body) }),
        });
        if (!response.ok)
            throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
        return response;
    }
    async read(path) {
        return (await (await this.send('GET', path)).json());
    }
    async list(path) {
        return (await this.read(path)).value;
    }
}
/** Any client and secret is welcome; with `auth: 'token'` the token is what counts. */
async function getToken(httpUrl, scopes) {
    const client = { grant_type: 'client_credentials', client_id: 'lazurite', client_secret: 'lazurite' };
    const body = new URLSearchParams({ ...client, scope: [scopes].flat().join(' ') });
    const response = await fetch(`${httpUrl}/${defaultTenantId}/oauth2/v2.0/token`, { method: 'POST', body });
    const { access_token: token } = (await response.json());
    if (typeof token !== 'string')
        throw new Error(`no token for ${[scopes].flat().join(' ')}: ${response.status}`);
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return { token, expiresOnTimestamp: claims.exp * 1000 };
}
/** Names what a filter or a question says in a query; what is undefined is left out. */
const query = (of) => `${new URLSearchParams(Object.entries(of).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])))}`;
function eventsOf(events) {
    return {
        on: (name, listener) => events.read(name, listener),
        next: (name, fits = () => true) => new Promise((resolve) => {
            const stop = events.read(name, (event) => {
                if (!fits(event))
                    return;
                stop();
                resolve(event);
            });
        }),
    };
}
function faultsOf(admin) {
    return {
        add: async (fault) => (await (await admin.send('POST', 'faults', fault)).json()).id,
        list: () => admin.list('faults'),
        clear: async (id) => void (await admin.send('DELETE', id === undefined ? 'faults' : `faults/${id}`)),
    };
}
async function faceOf({ emulator, folder, close, isSeeded }) {
    const { url, httpUrl, events, adminSecret } = emulator;
    const admin = new Admin(emulator);
    const files = await writeCaFiles({ url: new URL(url), dataFolder: folder, positionals: [], json: false }, {});
    const caPem = await readFile(files.caFile, 'utf8');
    const snapshot = () => admin.read('snapshot');
    const restore = async (document) => void (await admin.send('PUT', 'snapshot', document));
    const seeded = isSeeded ? await snapshot() : undefined;
    let closing;
    const closeOnce = () => {
        closing ??= close();
        return closing;
    };
    return {
        url,
        httpUrl,
        caPem,
        env: { ...variables({ url: new URL(url), files }, {}), LAZURITE_URL: url },
        ...(adminSecret !== undefined && { adminSecret }),
        subscriptionId: defaultSubscriptionId,
        credential: { getToken: (scopes) => getToken(httpUrl, scopes) },
        clientOptions: { endpoint: url, tlsOptions: { ca: caPem } },
        reset: async () => {
            await emulator.reset();
            if (seeded)
                await restore(seeded);
        },
        snapshot,
        restore,
        now: async () => new Date((await admin.read('clock')).now),
        advance: (azureMs) => emulator.advance(azureMs),
        faults: faultsOf(admin),
        frontends: () => admin.list('frontends'),
        backends: () => admin.list('backends'),
        flows: () => admin.list('flows'),
        explain: (connection) => admin.read(`explain?${query(connection)}`),
        requests: (filter = {}) => admin.list(`requests?${query(filter)}`),
        events: eventsOf(events),
        close: closeOnce,
        [Symbol.asyncDispose]: closeOnce,
    };
}
/** Starts a Lazurite in this process. The environment does not configure it, so that a test means the same everywhere. */
export async function startLazurite(options = {}) {
    const folder = await mkdtemp(join(tmpdir(), 'lazurite-'));
    const removeFolder = () => rm(folder, { recursive: true, force: true });
    try {
        const seed = typeof options.seed === 'object' ? join(folder, 'seed.json') : options.seed;
        if (seed !== undefined && seed !== options.seed)
            await writeFile(seed, JSON.stringify(options.seed));
        const config = parseConfig(argvOf(options, seed), {});
        const { Emulator } = await import('./emulator.js');
        const emulator = await Emulator.start(config, { log: options.verbose ? stderrLog : silentLog });
        const close = () => emulator.close().finally(removeFolder);
        return await faceOf({ emulator, folder, close, isSeeded: seed !== undefined }).catch(async (error) => {
            await close();
            throw error;
        });
    }
    catch (error) {
        await removeFolder();
        throw error;
    }
}
/**
 * One Lazurite for the tests of a file: started before them, as after its start before each of them, closed after them.
 * The result is to be called in hooks and tests: `const azure = lazuriteForTests({ before, after, beforeEach });`
 */
export function lazuriteForTests(hooks, options = {}) {
    const { before = hooks.beforeAll, after = hooks.afterAll, beforeEach } = hooks;
    if (!before || !after)
        throw new UsageError('lazuriteForTests needs the hooks before and after, or beforeAll and afterAll');
    let running;
    before(async () => {
        running = await startLazurite(options);
    });
    beforeEach?.(async () => running?.reset());
    after(async () => running?.close());
    return () => {
        if (!running)
            throw new UsageError('Lazurite runs only in hooks and tests');
        return running;
    };
}
//# sourceMappingURL=index.js.map