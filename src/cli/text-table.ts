/** Tables as plain text: columns aligned, numbers to the right. */

/** `rows` below `head`; a column whose every cell is a number is aligned to the right. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = head.map((title, index) => {
    const cells = rows.map((row) => row[index] ?? '');
    const numeric = cells.length > 0 && cells.every((cell) => /^\d[\d,]*( of \d[\d,]*)?$|^$/.test(cell));
    return { width: Math.max(title.length, ...cells.map((cell) => cell.length)), numeric };
  });
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ width, numeric }, index) => {
        const cell = cells[index] ?? '';
        return numeric ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [line(head), line(columns.map(({ width }) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
