/** A file without a name: whoever inherits its descriptor can read it, and it is gone with the last one who has it. */
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Memory first: what is written here lives for milliseconds. */
const folders = ['/dev/shm', tmpdir()];

/** The descriptor of a new empty file, for reading and writing. Throws when there is no place for one. */
export function openScratchFile(): number {
  let failure: unknown;
  for (const folder of folders) {
    try {
      const own = mkdtempSync(join(folder, 'lazurite-'));
      try {
        return openSync(join(own, 'file'), 'wx+', 0o600);
      } finally {
        rmSync(own, { recursive: true });
      }
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
