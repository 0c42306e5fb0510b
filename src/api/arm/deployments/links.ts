/**
 * `templateLink` and `parametersLink`: templates and parameters that a request links to instead of holding them, as
 * https://learn.microsoft.com/azure/azure-resource-manager/templates/linked-templates describes it.
 */

import { azureError } from '../../../errors/index.js';
import { type DownloadPolicy, DownloadRefused, download } from '../../../http/download.js';
import { unsigned } from '../../../support/secrets.js';
import type { ContentLink, LinkedContents } from '../template/context.js';
import { compact, isObject, type Json, type JsonObject, jsonText, member, objectMember } from '../template/json.js';
import { inTurns, JsonReadError, readJsonInPieces } from '../template/json-reader.js';
import { invalidTemplate } from './failures.js';

/** The content of a link has to be downloaded before planning can go on. Never leaves the engine. */
export class ContentNeeded extends Error {
  override readonly name = 'ContentNeeded';
  readonly link: ContentLink;

  constructor(link: ContentLink) {
    super(`The content of ${link.uri} has not been downloaded.`);
    this.link = link;
  }
}

const textOf = (object: JsonObject, name: string): string | undefined => {
  const value = member(object, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/**
 * The link `kind` of a request's `properties`; undefined when there is none. A relative path starts from `parent`, the
 * link of the template that it stands in. Throws InvalidTemplate, or InvalidContentLink for what cannot be downloaded.
 */
export function readLink(
  properties: JsonObject,
  kind: 'templateLink' | 'parametersLink',
  parent?: ContentLink,
): ContentLink | undefined {
  const written = objectMember(properties, kind);
  if (!written) return undefined;
  const [uri, relativePath] = [textOf(written, 'uri'), textOf(written, 'relativePath')];
  const common = { contentVersion: textOf(written, 'contentVersion'), queryString: textOf(written, 'queryString') };
  if (uri !== undefined) return { uri, ...common };
  if (relativePath !== undefined) {
    if (!parent || !URL.canParse(relativePath, parent.uri)) {
      throw invalidTemplate(
        `The ${kind} with the relative path '${relativePath}' is not valid: the template that it stands in was not linked by a URI`,
      );
    }
    const { href } = new URL(relativePath, parent.uri);
    // A token that opens the parent opens what lies beside it.
    return { uri: href, relativePath, ...common, queryString: common.queryString ?? parent.queryString };
  }
  const id = textOf(written, 'id');
  if (id !== undefined) throw azureError('TemplateSpecNotEmulated', { values: { id } });
  throw invalidTemplate(`The ${kind} is not valid: it has neither 'uri' nor 'id' nor 'relativePath'`);
}

/** What a deployment shows of a link: not the query string, which is a secret. */
export const linkShown = (link: ContentLink | undefined): JsonObject | undefined =>
  link && compact({ uri: link.uri, relativePath: link.relativePath, contentVersion: link.contentVersion });

/** Throws InvalidTemplate when `content`, to which `link` leads, has another version than the link says. */
export function checkContentVersion(link: ContentLink, content: Json): void {
  const actual = isObject(content) ? member(content, 'contentVersion') : undefined;
  if (link.contentVersion !== undefined && link.contentVersion !== actual) {
    const values = { uri: link.uri, expected: link.contentVersion, actual: jsonText(actual ?? '') };
    throw azureError('ContentVersionMismatch', { values });
  }
}

/** The JSON in a text that is or should be a template; others go first between pieces of it. Throws InvalidTemplate. */
export async function parsedContent(text: string): Promise<Json> {
  try {
    return await inTurns(readJsonInPieces(text.replace(/^\uFEFF/, '')));
  } catch (error) {
    if (!(error instanceof JsonReadError)) throw error;
    throw azureError('InvalidTemplateParse', { values: { reason: error.message } });
  }
}

/** Azure's limit for a template. */
const maxBytes = 4 * 1024 * 1024;
/** A template could name files without end. */
const maxDownloads = 200;

function urlOf({ uri, queryString }: ContentLink): URL | undefined {
  if (!URL.canParse(uri)) return undefined;
  const url = new URL(uri);
  if (queryString !== undefined) url.search = queryString;
  return url;
}

export interface LinkedTemplatesOptions {
  readonly policy: DownloadPolicy;
  readonly trackingId: string;
  /** Told why a download failed; clients only hear that it did. */
  readonly note: (text: string) => void;
}

/** The linked contents of one deployment: each is downloaded once. */
export class LinkedTemplates implements LinkedContents {
  readonly #options: LinkedTemplatesOptions;
  readonly #contents = new Map<string, Json>();

  constructor(options: LinkedTemplatesOptions) {
    this.#options = options;
  }

  content(link: ContentLink): Json | undefined {
    const url = urlOf(link);
    return url && this.#contents.get(url.href);
  }

  async download(link: ContentLink): Promise<void> {
    const url = urlOf(link);
    if (!url || this.#contents.size >= maxDownloads) throw this.#refusal(link);
    try {
      const content = await download(url, { policy: this.#options.policy, maxBytes });
      this.#contents.set(url.href, await parsedContent(content.toString('utf8')));
    } catch (error) {
      if (!(error instanceof DownloadRefused)) throw error;
      this.#options.note(`${unsigned(link.uri)} cannot be downloaded: ${error.message}`);
      throw this.#refusal(link);
    }
  }

  #refusal({ uri }: ContentLink) {
    return azureError('InvalidContentLink', { values: { uri: unsigned(uri), trackingId: this.#options.trackingId } });
  }
}
