/**
 * Where the package's own files are: the only place that may ask where its code lies.
 *
 * The build joins modules into fewer files, so this module is at the top of `dist` there and below `src` under test.
 */
import { existsSync } from 'node:fs';
/** The folder of the compiled modules: `src/` under test, `dist/` when built. It lies beside package.json. */
export const modulesFolder = folderBeside('package.json', new URL('./', import.meta.url));
/** The folder that holds package.json and migrations. */
export const packageFolder = new URL('../', modulesFolder);
function folderBeside(file, folder) {
    const above = new URL('../', folder);
    if (existsSync(new URL(file, above)) || above.href === folder.href)
        return folder;
    return folderBeside(file, above);
}
//# sourceMappingURL=package-folder.js.map