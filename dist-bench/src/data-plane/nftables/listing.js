/** Reads what nft lists: the elements that packets have added to the engine's maps and sets. */
import { execFile } from 'node:child_process';
import { environment, NftError, sentenceOf } from './loader.js';
const unitMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
/** `1h3m59s984ms` in milliseconds. */
function readDuration(text) {
    let ms = 0;
    for (const [, count, unit] of text.matchAll(/(\d+)(ms|[dhms])/g))
        ms += Number(count) * (unitMs[unit] ?? 0);
    return ms;
}
function readElement(text) {
    const [left = '', value] = text.split(' : ');
    const key = left.split(/ (?:timeout|expires|counter) /, 1)[0] ?? '';
    const timeoutMs = readDuration(/ timeout (\S+)/.exec(left)?.[1] ?? '');
    const expires = / expires (\S+)/.exec(left)?.[1];
    const counter = / counter packets (\d+) bytes (\d+)/.exec(left);
    return {
        key,
        mark: Number(/(?:^| . )(0x[0-9a-f]+)$/.exec(key)?.[1] ?? value ?? 0),
        timeoutMs,
        expiresMs: expires === undefined ? timeoutMs : readDuration(expires),
        packets: Number(counter?.[1] ?? 0),
        bytes: Number(counter?.[2] ?? 0),
    };
}
/** The elements of every map and set in the text, by name. */
export function readListing(text) {
    const listing = new Map();
    for (const [, name, body] of text.matchAll(/^\s*(?:map|set) (\S+) \{(.*?)^\t\}/gms)) {
        const elements = /elements = \{(.*?)\}/s.exec(body)?.[1] ?? '';
        const parts = elements.split(/,\s+/).map((part) => part.trim());
        listing.set(name, parts.filter((part) => part !== '').map((part) => readElement(part)));
    }
    return listing;
}
/** Lists these maps and sets of one table. */
export const listElements = async (table, sets) => readListing(await readFromKernel(sets.map(([kind, name]) => `list ${kind} ${table} ${name}`)));
/** One element of a map; undefined when it is not there. */
export async function getElement(table, { set, key }) {
    // What is not there is an error for nft.
    const text = await readFromKernel([`get element ${table} ${set} { ${key} }`]).catch(() => '');
    return readListing(text).get(set)?.[0];
}
const longestListing = 256 * 1024 * 1024;
/** What nft prints for these commands. Separate processes, so that a long answer does not delay changes. */
function readFromKernel(commands) {
    // nft 1.0.6 prints only the last of several lists in one command.
    const script = 'for command; do nft "$command" || exit; done';
    return new Promise((resolve, reject) => {
        execFile('/bin/sh', ['-c', script, 'sh', ...commands], { env: environment, maxBuffer: longestListing }, (error, stdout, stderr) => error ? reject(new NftError(`nft: ${sentenceOf(stderr)} (${commands[0]} …)`)) : resolve(stdout));
    });
}
//# sourceMappingURL=listing.js.map