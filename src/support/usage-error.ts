/** Errors that the user can correct: an option, a file, a disk, a missing tool; and what was meant by a mistyped word. */
/** A mistake in how Lazurite was started or called. The command line shows it as one line, without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const fileProblems: Readonly<Record<string, (path: string) => string>> = {
  ENOSPC: (path) => `the disk of ${path} is full: make room, or choose another folder with --data`,
  EDQUOT: (path) => `the disk quota is used up, so ${path} cannot be written: make room, or choose another --data`,
  EROFS: (path) => `${path} is on a file system that is read-only: choose another folder with --data`,
  // Node says so of a folder with parents that cannot be made, also where the file system is read-only.
  ENOENT: (path) => `${path} cannot be made, its file system may be read-only: choose another folder with --data`,
  EACCES: (path) => `this user may not use ${path}: change its owner or its mode, or choose another folder with --data`,
  EPERM: (path) => `this user may not use ${path}: change its owner or its mode, or choose another folder with --data`,
  EEXIST: (path) => `${path} is no folder: move it away, or choose another folder with --data`,
  ENOTDIR: (path) => `a part of ${path} is a file and no folder: move it away, or choose another folder with --data`,
  EISDIR: (path) => `${path} is a folder where a file should be: move it away`,
  EIO: (path) => `the disk cannot read or write ${path}: check it, or choose another folder with --data`,
};

/** An error of the file system as a sentence with the file and what to do; any other error as it is. */
export function explainFileError(error: unknown): unknown {
  const { code = '', path } = error as NodeJS.ErrnoException;
  const sentence = path === undefined ? undefined : fileProblems[code]?.(path);
  return sentence === undefined ? error : new UsageError(sentence, { cause: error });
}

/** How many letters have to be added, removed, replaced or swapped with the next one to make `b` of `a`. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const cell = (row: number, column: number): number => rows[row]?.[column] ?? 0;
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
export function didYouMean(written: string, known: readonly string[]): string {
  const [nearest] = known
    .map((name) => ({ name, edits: distance(written.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  const most = Math.max(1, Math.floor(written.replace(/^(--|LAZURITE_)/, '').length / 3));
  return nearest && nearest.edits <= most ? `; did you mean '${nearest.name}'?` : '';
}
