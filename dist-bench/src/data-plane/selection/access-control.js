/**
 * Classic endpoint access control lists. First match decides; with any permit everybody else is denied, with denies only
 * everybody else is permitted. https://learn.microsoft.com/previous-versions/azure/virtual-network/virtual-networks-acl
 */
import { addressWords, swapWord } from './ip-address.js';
/** Answers whether a client may use an endpoint. */
export class AccessControl {
    #entries;
    #permitOthers;
    constructor(entries) {
        this.#entries = entries.map(compile);
        this.#permitOthers = !this.#entries.some((entry) => entry.permit);
    }
    /** Nothing to check: the packet path skips the call. */
    get open() {
        return this.#entries.length === 0;
    }
    /** `source` as `addressWords` gives it. */
    permits(source) {
        for (const entry of this.#entries)
            if (contains(entry, source))
                return entry.permit;
        return this.#permitOthers;
    }
}
function compile(entry) {
    const [address = '', prefix] = entry.remoteSubnet.split('/');
    const network = addressWords(address) ?? Uint32Array.of(0);
    return {
        permit: entry.action === 'permit',
        network,
        prefixLength: prefix === undefined ? 32 * network.length : Number(prefix),
    };
}
function contains(entry, source) {
    if (source.length !== entry.network.length)
        return false;
    for (let index = 0, bits = entry.prefixLength; bits > 0; index++, bits -= 32) {
        const shift = bits >= 32 ? 0 : 32 - bits;
        if (swapWord(source[index]) >>> shift !== swapWord(entry.network[index]) >>> shift)
            return false;
    }
    return true;
}
//# sourceMappingURL=access-control.js.map