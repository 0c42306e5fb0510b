/** Whether the kernel engine can run here; if not, what to install or which right is missing. */
import { spawnSync } from 'node:child_process';
import { UsageError } from '../../config-values.js';
import { environment } from './loader.js';

const sandboxHint = 'or use `lazurite sandbox -- COMMAND`, which needs no root';

/** Throws a sentence that says what is missing. */
export function refuseWhereImpossible(platform: string = process.platform): void {
  if (platform !== 'linux') {
    throw new UsageError(`--engine nftables needs Linux, this is ${platform}; use --engine userspace`);
  }
  const version = spawnSync('nft', ['--version'], { encoding: 'utf8', env: environment });
  if (version.error) {
    throw new UsageError('--engine nftables needs the nft command: install nftables (apt-get install nftables)');
  }
  const listing = spawnSync('nft', ['list tables'], { encoding: 'utf8', env: environment });
  if (listing.status === 0) return;
  if (/not permitted|must be root/i.test(listing.stderr)) {
    throw new UsageError(
      `--engine nftables needs CAP_NET_ADMIN in this network namespace: run it as root, ${sandboxHint}`,
    );
  }
  throw new UsageError(`--engine nftables cannot use nft here: ${listing.stderr.trim()}`);
}

/** Why a table could not be had, in words that tell what to do. */
export function explainLoadFailure(error: Error): Error {
  if (/not permitted|exist|busy/i.test(error.message)) {
    return new UsageError(
      `--engine nftables found the table 'lazurite' of another process in this network namespace: stop that one, ${sandboxHint}`,
    );
  }
  if (/no such file|not supported|invalid argument/i.test(error.message)) {
    return new UsageError(
      `this kernel lacks something that --engine nftables needs (Linux 5.12 or newer): ${error.message}`,
    );
  }
  return error;
}
