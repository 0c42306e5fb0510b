/**
 * Which slot a flow belongs to: Azure's distribution modes as one pure function.
 *
 * https://learn.microsoft.com/azure/load-balancer/distribution-mode-concepts. The hash is the Linux kernel's `jhash` over
 * exactly the tuple of the mode, scaled by `floor(hash * slots / 2^32)`, because nftables' `jhash` expression then picks
 * the same slot: one function for every engine. Nothing else goes in, no rule id and no pool id, so that under SourceIP
 * all ports and both protocols of a client meet on one backend.
 */
import { addressWords, portWord } from './ip-address.js';
/** "Lazu" in ASCII. Fixed for ever: another seed would move every client to another backend. */
export const distributionSeed = 0x4c617a75;
const ipProtocol = { tcp: 6, udp: 17 };
const initialValue = 0xdeadbeef;
/** The protocol enters as the seed under Default and SourceIPProtocol, and not at all under SourceIP. */
export const seedOf = (distribution, transport) => distribution === 'SourceIP' ? distributionSeed : distributionSeed + ipProtocol[transport];
/** The kernel's reciprocal_scale: exact, because 2^32 * 65,536 slots is far below 2^53. */
export const slotOf = (hash, slotCount) => Math.floor((hash * slotCount) / 4294967296);
/** The kernel's `jhash(key, 4 * count, seed)` of `count` words loaded little-endian. */
export function jhash(words, count, seed) {
    let a = (initialValue + 4 * count + seed) | 0;
    let b = a;
    let c = a;
    let at = 0;
    for (; count - at > 3; at += 3) {
        a = (a + words[at]) | 0;
        b = (b + words[at + 1]) | 0;
        c = (c + words[at + 2]) | 0;
        a = ((a - c) | 0) ^ ((c << 4) | (c >>> 28));
        c = (c + b) | 0;
        b = ((b - a) | 0) ^ ((a << 6) | (a >>> 26));
        a = (a + c) | 0;
        c = ((c - b) | 0) ^ ((b << 8) | (b >>> 24));
        b = (b + a) | 0;
        a = ((a - c) | 0) ^ ((c << 16) | (c >>> 16));
        c = (c + b) | 0;
        b = ((b - a) | 0) ^ ((a << 19) | (a >>> 13));
        a = (a + c) | 0;
        c = ((c - b) | 0) ^ ((b << 4) | (b >>> 28));
        b = (b + a) | 0;
    }
    if (at === count)
        return c >>> 0;
    a = (a + words[at]) | 0;
    if (count - at > 1)
        b = (b + words[at + 1]) | 0;
    if (count - at > 2)
        c = (c + words[at + 2]) | 0;
    c = ((c ^ b) - ((b << 14) | (b >>> 18))) | 0;
    a = ((a ^ c) - ((c << 11) | (c >>> 21))) | 0;
    b = ((b ^ a) - ((a << 25) | (a >>> 7))) | 0;
    c = ((c ^ b) - ((b << 16) | (b >>> 16))) | 0;
    a = ((a ^ c) - ((c << 4) | (c >>> 28))) | 0;
    b = ((b ^ a) - ((a << 14) | (a >>> 18))) | 0;
    return ((c ^ b) - ((b << 24) | (b >>> 8))) >>> 0;
}
const scratch = new Uint32Array(10);
/** The hash of every flow towards one frontend: what does not change from flow to flow is prepared once. */
export class TupleHash {
    #fiveTuple;
    #seed;
    #destination;
    #destinationPort;
    /** `address` and `port` are the frontend's, as a client of Azure names them: never a fallback port. */
    constructor(of) {
        this.#fiveTuple = of.distribution === 'Default';
        this.#seed = seedOf(of.distribution, of.transport);
        this.#destination = addressWords(of.address) ?? Uint32Array.of(0);
        this.#destinationPort = portWord(of.port);
    }
    /** For an IPv4 client, its address as `ipv4Word` gives it. */
    ipv4(source, sourcePort) {
        scratch[0] = source;
        if (!this.#fiveTuple) {
            scratch[1] = this.#destination[0];
            return jhash(scratch, 2, this.#seed);
        }
        scratch[1] = portWord(sourcePort);
        scratch[2] = this.#destination[0];
        scratch[3] = this.#destinationPort;
        return jhash(scratch, 4, this.#seed);
    }
    /** For a client of either family, its address as `addressWords` gives it. */
    words(source, sourcePort) {
        if (source.length === 1 && this.#destination.length === 1)
            return this.ipv4(source[0], sourcePort);
        scratch.set(source);
        let count = source.length;
        if (this.#fiveTuple)
            scratch[count++] = portWord(sourcePort);
        scratch.set(this.#destination, count);
        count += this.#destination.length;
        if (this.#fiveTuple)
            scratch[count++] = this.#destinationPort;
        return jhash(scratch, count, this.#seed);
    }
}
//# sourceMappingURL=distribution.js.map