/** A file without a name: whoever inherits its descriptor can read it, and it is gone with the last one who has it. */
import { randomUUID } from 'node:crypto';
import { openSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Memory first: what is written here lives for milliseconds. */
const folders = ['/dev/shm', tmpdir()];

/** The descriptor of a new empty file, for reading and writing. Throws when there is no place for one. */
export function openScratchFile(): number {
  let failure: unknown;
  for (const folder of folders) {
    const path = join(folder, `lazurite-${randomUUID()}`);
    try {
      const descriptor = openSync(path, 'wx+', 0o600);
      unlinkSync(path);
      return descriptor;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
