/** The RSA key that signs this instance's tokens: made when first needed, kept in the data folder. */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensurePrivateFolder, readIfPresent, writePrivateFile } from '../../support/private-files.js';

export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

function parse(pem: string | undefined): KeyObject | undefined {
  try {
    return pem === undefined ? undefined : createPrivateKey(pem);
  } catch {
    // A damaged key cannot have signed a token that is worth keeping valid.
    return undefined;
  }
}

/** The key in `folder`, or a new one; without a folder it lives as long as the process. */
export async function loadSigningKey(folder: string | undefined): Promise<SigningKey> {
  const file = folder && join(folder, 'token-key.pem');
  const kept = parse(file && readIfPresent(file));
  if (kept) return { privateKey: kept, publicKey: createPublicKey(kept) };
  const made = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  if (folder && file) {
    ensurePrivateFolder(folder);
    writePrivateFile(file, made.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  }
  return made;
}
