/** Suggests the closest existing name for one that does not exist. */
/** How many letters have to be added, removed, replaced or swapped with the next one to make `b` of `a`. */
function distance(a, b) {
    const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
    const cell = (row, column) => rows[row]?.[column] ?? 0;
    for (let i = 1; i <= a.length; i++) {
        rows.push([i]);
        for (let j = 1; j <= b.length; j++) {
            const replaced = cell(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
            const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
            const swapped = isSwap ? cell(i - 2, j - 2) + 1 : replaced;
            rows[i]?.push(Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, replaced, swapped));
        }
    }
    return cell(a.length, b.length);
}
/** `; did you mean 'start'?`, or nothing where no known name is near. */
export function didYouMean(written, known) {
    const [nearest] = known
        .map((name) => ({ name, edits: distance(written.toLowerCase(), name.toLowerCase()) }))
        .sort((a, b) => a.edits - b.edits);
    const most = Math.max(1, Math.floor(written.replace(/^(--|LAZURITE_)/, '').length / 3));
    return nearest && nearest.edits <= most ? `; did you mean '${nearest.name}'?` : '';
}
//# sourceMappingURL=did-you-mean.js.map