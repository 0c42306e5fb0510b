/** Debian's Python, which has Microsoft's SDK where python3-azure is installed. */
import { execFileSync } from 'node:child_process';

/** Debian's packages belong to Debian's interpreter, not to another one that may come first on the path. */
export const debianPython = '/usr/bin/python3';

/** Why programs of the SDK cannot be run here; false when they can. */
export function whyNoPython(): string | false {
  if (process.platform !== 'linux') return "Debian's python3-azure is for Linux";
  try {
    execFileSync(debianPython, ['-c', 'import azure.identity, azure.mgmt.network, azure.mgmt.resource'], {
      stdio: 'ignore',
    });
    return false;
  } catch {
    return "Debian's python3-azure is not installed";
  }
}
