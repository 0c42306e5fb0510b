/** How steady a table of slots is when its pool changes. */
/** Share (0 to 1) of the slots of the members in both pools that belong to another of these members afterwards. */
export function movedShare(build, { before, after }) {
    const [from, to] = [build(before), build(after)];
    const common = new Set(before.filter((key) => after.includes(key)));
    let stay = 0;
    let moved = 0;
    for (let slot = 0; slot < from.length; slot++) {
        const owner = before[from[slot]];
        if (!common.has(owner))
            continue;
        stay++;
        const heir = after[to[slot]];
        // A slot that goes to a member which has just joined is that member's share.
        if (heir !== owner && common.has(heir))
            moved++;
    }
    return moved / stay;
}
//# sourceMappingURL=moved-share.js.map