/** Loaded into every process of a whole run: writes down which errors of the table running code has raised. */
import { subscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';

const folder = process.env.LAZURITE_TEST_ERRORS;
if (folder !== undefined) {
  const keys = new Set<string>();
  subscribe('lazurite:error', (error) => keys.add((error as { readonly key: string }).key));
  process.on('exit', () => {
    if (keys.size > 0) writeFileSync(join(folder, `${process.pid}-${threadId}-${Date.now()}`), [...keys].join('\n'));
  });
}
