/**
 * The secret that opens `/_lazurite/` under `--auth token`, beside tokens: a program that may read the data folder, as the
 * commands of this machine do, needs no token to inspect and control the emulator.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import type { onRequestAsyncHookHandler } from 'fastify';
import { ensurePrivateFolder, readIfPresent, writePrivateFile } from '../../support/files.js';

/** The secret's file in the data folder: one line, mode 0600. */
const fileName = 'admin-secret';

/** The secret in the data folder `folder`; `undefined` when there is none. */
export const readAdminSecret = (folder: string): string | undefined =>
  readIfPresent(join(folder, fileName))?.trim() || undefined;

/** The secret in `folder`, made when there is none; without a folder it lives as long as the process. */
export function loadAdminSecret(folder: string | undefined): string {
  const kept = folder && readAdminSecret(folder);
  if (kept) return kept;
  const secret = randomBytes(32).toString('base64url');
  if (folder) {
    ensurePrivateFolder(folder);
    writePrivateFile(join(folder, fileName), `${secret}\n`);
  }
  return secret;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** An `onRequest` hook that lets in requests with the secret; all others are left to `requireToken`. */
export function requireSecretOr(requireToken: onRequestAsyncHookHandler, secret: string): onRequestAsyncHookHandler {
  const expected = digest(`Bearer ${secret}`);
  return async function (request, reply) {
    const { authorization = '' } = request.headers;
    if (!timingSafeEqual(digest(authorization), expected)) return requireToken.call(this, request, reply);
  };
}
