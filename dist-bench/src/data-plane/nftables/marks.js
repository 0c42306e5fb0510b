/**
 * The packet mark between two of the engine's rules: which frontend's chains the flow belongs to,
 * which member serves it, and which of its sides have ended. The mark is zero again before any other table sees it.
 */
/** The member's number. */
export const memberBits = 0x0000ffff;
/** The number of the frontend's set of chains. */
export const chainBits = 0x3fff0000;
/** Both: they decide where a packet goes. */
export const flowBits = memberBits | chainBits;
/** The client's side has ended; the backend's side has ended. */
export const clientEnded = 0x80000000;
export const backendEnded = 0x40000000;
/** Values of the member field that count packets without a member. */
export const countedAs = { noEligibleMember: 0xffff, denied: 0xfffe, late: 0xfffd, hairpin: 0xfffc };
export const mostMembers = 0xfff0;
export const mostChainSets = 0x3fff;
/** A number as nft reads it. */
export const hex = (value) => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
/** The mark of a chain set, with a member or without one. */
export const markOf = (chains, member = 0) => ((chains << 16) | member) >>> 0;
/** The parts of a mark. */
export const readMark = (mark) => ({
    chains: (mark & chainBits) >>> 16,
    member: mark & memberBits,
});
export class MemberNumbers {
    #limit;
    #sets;
    /** The first at number 1. */
    #addresses = [];
    #numbers = new Map();
    /** Unused numbers, searched for when all have been assigned. */
    #free = [];
    /** Assigned since `begin`; the sets that need them may not list them yet. */
    #fresh = new Set();
    /** `limit`: how many numbers there are. `sets`: sets whose members need their numbers. */
    constructor(limit, sets) {
        this.#limit = limit;
        this.#sets = sets;
    }
    /** Numbers assigned before are in use only if a set lists them. */
    begin() {
        this.#fresh.clear();
    }
    /** The number of an address, which keeps it while it is needed. Throws when all are needed. */
    of(address) {
        const number = this.#numbers.get(address) ?? this.#give(address);
        this.#fresh.add(number);
        return number;
    }
    /** The address behind a number. */
    addressOf(number) {
        return this.#addresses[number - 1];
    }
    #give(address) {
        const number = this.#addresses.length < this.#limit ? this.#addresses.push(address) : this.#reuse(address);
        this.#numbers.set(address, number);
        return number;
    }
    #reuse(address) {
        if (this.#free.length === 0)
            this.#free = this.#unneeded();
        const number = this.#free.pop();
        if (number === undefined)
            throw new Error(`The nftables engine knows at most ${this.#limit} backend addresses.`);
        this.#addresses[number - 1] = address;
        return number;
    }
    #unneeded() {
        const needed = new Set(this.#fresh);
        for (const { members } of this.#sets())
            for (const number of members.keys())
                needed.add(number);
        const free = [];
        for (const [address, number] of this.#numbers) {
            if (needed.has(number))
                continue;
            this.#numbers.delete(address);
            free.push(number);
        }
        return free;
    }
}
//# sourceMappingURL=marks.js.map