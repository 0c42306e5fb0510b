/**
 * Downloads what templates link to, as
 * https://learn.microsoft.com/azure/azure-resource-manager/templates/linked-templates describes it.
 *
 * differs: Azure's Resource Manager has to reach the address; here it has to be one of this machine, unless
 * `--template-links` says otherwise. Redirections are not followed, since they could lead anywhere.
 */
import { azureError } from '../errors.js';
import type { ContentLink, LinkedContents } from './deployments/index.js';

/** Azure's limit for a template. */
const maxBytes = 4 * 1024 * 1024;
/** Of real time: a server on this machine answers, or it does not. */
const timeoutMs = 10_000;
/** A template could name files without end. */
const maxDownloads = 200;

/** Which addresses may be linked to. */
export type TemplateLinks = 'loopback' | 'any' | 'none';

const isLoopback = ({ hostname }: URL): boolean =>
  /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/i.test(hostname);

function mayFollow(url: URL, policy: TemplateLinks): boolean {
  if (!/^https?:$/.test(url.protocol) || policy === 'none') return false;
  return policy === 'any' || isLoopback(url);
}

function urlOf({ uri, queryString }: ContentLink): URL | undefined {
  if (!URL.canParse(uri)) return undefined;
  const url = new URL(uri);
  if (queryString !== undefined) url.search = queryString;
  return url;
}

/** The text at `url`; undefined when there is none, or too much. Throws what the network throws. */
async function textAt(url: URL): Promise<string | undefined> {
  // Loaded when it is needed: few deployments link to anything, and every start would pay for it.
  const { request } = await import('undici');
  const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(timeoutMs) });
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    // Leaving the loop ends the connection.
    if (length > maxBytes || statusCode !== 200) return undefined;
    chunks.push(chunk);
  }
  return statusCode === 200 ? Buffer.concat(chunks).toString('utf8') : undefined;
}

/** The linked contents of one deployment: each is downloaded once. */
export class LinkedTemplates implements LinkedContents {
  readonly #policy: TemplateLinks;
  readonly #trackingId: string;
  readonly #texts = new Map<string, string>();

  constructor({ policy, trackingId }: { policy: TemplateLinks; trackingId: string }) {
    this.#policy = policy;
    this.#trackingId = trackingId;
  }

  text(link: ContentLink): string | undefined {
    const url = urlOf(link);
    return url && this.#texts.get(url.href);
  }

  async download(link: ContentLink): Promise<void> {
    const url = urlOf(link);
    if (!url || !mayFollow(url, this.#policy) || this.#texts.size >= maxDownloads) throw this.#refusal(link);
    const text = await textAt(url).catch(() => undefined);
    if (text === undefined) throw this.#refusal(link);
    this.#texts.set(url.href, text);
  }

  #refusal({ uri }: ContentLink) {
    return azureError('InvalidContentLink', { values: { uri, trackingId: this.#trackingId } });
  }
}
