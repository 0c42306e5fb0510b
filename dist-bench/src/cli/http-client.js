/** A small JSON client for a running emulator: connections kept, the CA given rather than taken from the environment. */
import http from 'node:http';
import https from 'node:https';
import { UsageError } from '../support/usage-error.js';
const patienceMs = 30_000;
function parse(text, contentType) {
    return contentType.includes('json') && text !== '' ? JSON.parse(text) : text;
}
function explain(error, url) {
    if (error.code === 'ECONNREFUSED') {
        return new UsageError(`nothing listens at ${url}; start it with \`lazurite start\`, or name it with --url`);
    }
    return new UsageError(`${url} cannot be reached: ${error.message}`, { cause: error });
}
/** A client of the emulator at `url`. */
export function createHttpClient({ url, caPem, credentials = [] }) {
    const secure = url.startsWith('https:');
    const agent = secure
        ? new https.Agent({ keepAlive: true, ...(caPem && { ca: caPem }) })
        : new http.Agent({ keepAlive: true });
    let bearer;
    const exchange = (method, path, { payload, headers, signal }) => new Promise((resolve, reject) => {
        const request = (secure ? https : http).request(new URL(path, url), {
            method,
            headers: { ...headers, ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }) },
            agent,
            ...(signal && { signal }),
        });
        if (!signal)
            request.setTimeout(patienceMs, () => request.destroy(new Error(`no answer within ${patienceMs} ms`)));
        request.on('error', (error) => reject(explain(error, url)));
        request.on('response', resolve);
        request.end(payload);
    });
    const authorized = async (method, path, options) => {
        let response = await exchange(method, path, options);
        for (const credential of credentials) {
            if (response.statusCode !== 401)
                break;
            const next = await credential();
            if (next === undefined)
                continue;
            response.resume();
            bearer = next;
            response = await exchange(method, path, options);
        }
        return response;
    };
    const send = async (method, path, body) => {
        const payload = body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
        const headers = payload && {
            'content-type': typeof body === 'string' ? 'application/x-www-form-urlencoded' : 'application/json',
            'content-length': payload.length,
        };
        const response = await authorized(method, path, { payload, headers: headers ?? {} });
        const chunks = [];
        for await (const chunk of response)
            chunks.push(chunk);
        const { statusCode = 0, headers: received } = response;
        return {
            status: statusCode,
            headers: received,
            body: parse(Buffer.concat(chunks).toString(), received['content-type'] ?? ''),
        };
    };
    const stream = async (path, options) => {
        const response = await authorized('GET', path, options);
        if (response.statusCode === 200)
            return response.setEncoding('utf8');
        response.resume();
        throw new UsageError(`${url} answered ${response.statusCode}: is it a Lazurite?`);
    };
    return { url, send, stream, close: () => agent.destroy() };
}
//# sourceMappingURL=http-client.js.map