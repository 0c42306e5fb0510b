/** How steady a table of slots is when its pool changes. */

/** Makes a table: for each slot the place of its member in `keys`. */
export type Build = (keys: readonly string[]) => ArrayLike<number>;

/** Share (0 to 1) of the slots of the members in both pools that belong to another of these members afterwards. */
export function movedShare(
  build: Build,
  { before, after }: { readonly before: readonly string[]; readonly after: readonly string[] },
): number {
  const [from, to] = [build(before), build(after)];
  const common = new Set(before.filter((key) => after.includes(key)));
  let stay = 0;
  let moved = 0;
  for (let slot = 0; slot < from.length; slot++) {
    const owner = before[from[slot] as number] as string;
    if (!common.has(owner)) continue;
    stay++;
    const heir = after[to[slot] as number] as string;
    // A slot that goes to a member which has just joined is that member's share.
    if (heir !== owner && common.has(heir)) moved++;
  }
  return moved / stay;
}
