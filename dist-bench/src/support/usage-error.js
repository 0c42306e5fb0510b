/** Errors that the user can correct: an option, a file, a disk, a missing tool. */
/** A mistake in how Lazurite was started or called. The command line shows it as one line, without a stack. */
export class UsageError extends Error {
    name = 'UsageError';
}
const fileProblems = {
    ENOSPC: (path) => `the disk of ${path} is full: make room, or choose another folder with --data`,
    EDQUOT: (path) => `the disk quota is used up, so ${path} cannot be written: make room, or choose another --data`,
    EROFS: (path) => `${path} is on a file system that is read-only: choose another folder with --data`,
    EACCES: (path) => `this user may not use ${path}: change its owner or its mode, or choose another folder with --data`,
    EPERM: (path) => `this user may not use ${path}: change its owner or its mode, or choose another folder with --data`,
    EEXIST: (path) => `${path} is no folder: move it away, or choose another folder with --data`,
    ENOTDIR: (path) => `a part of ${path} is a file and no folder: move it away, or choose another folder with --data`,
    EISDIR: (path) => `${path} is a folder where a file should be: move it away`,
    EIO: (path) => `the disk cannot read or write ${path}: check it, or choose another folder with --data`,
};
/** An error of the file system as a sentence with the file and what to do; any other error as it is. */
export function explainFileError(error) {
    const { code = '', path } = error;
    const sentence = path === undefined ? undefined : fileProblems[code]?.(path);
    return sentence === undefined ? error : new UsageError(sentence, { cause: error });
}
//# sourceMappingURL=usage-error.js.map