/**
 * Where the package's own files are: the only place that may ask where its code lies.
 *
 * The build joins modules into fewer files, which moves code but keeps this module one folder below the package, in `src`
 * as in `dist`.
 */
import { existsSync } from 'node:fs';

/** The folder of the compiled modules: `src/` under test, `dist/` when built. */
export const modulesFolder = new URL('./', import.meta.url);

/** The folder that holds package.json and migrations. */
export const packageFolder = folderAbove(modulesFolder, 'package.json');

function folderAbove(folder: URL, file: string): URL {
  const above = new URL('../', folder);
  if (existsSync(new URL(file, above)) || above.href === folder.href) return above;
  return folderAbove(above, file);
}
