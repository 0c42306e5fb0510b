/**
 * `templateLink` and `parametersLink`: templates and parameters that a request links to instead of holding them, as
 * https://learn.microsoft.com/azure/azure-resource-manager/templates/linked-templates describes it.
 */
import { azureError } from '../../../errors/index.js';
import { DownloadRefused, download } from '../../../http/download.js';
import { unsigned } from '../../../support/secrets.js';
import { compact, isObject, jsonText, member, objectMember } from '../template/json.js';
import { JsonReadError, readJson } from '../template/json-reader.js';
import { invalidTemplate } from './failures.js';
/** The content of a link has to be downloaded before planning can go on. Never leaves the engine. */
export class ContentNeeded extends Error {
    name = 'ContentNeeded';
    link;
    constructor(link) {
        super(`The content of ${link.uri} has not been downloaded.`);
        this.link = link;
    }
}
const textOf = (object, name) => {
    const value = member(object, name);
    return typeof value === 'string' && value !== '' ? value : undefined;
};
/**
 * The link `kind` of a request's `properties`; undefined when there is none. A relative path starts from `parent`, the
 * link of the template that it stands in. Throws InvalidTemplate, or InvalidContentLink for what cannot be downloaded.
 */
export function readLink(properties, kind, parent) {
    const written = objectMember(properties, kind);
    if (!written)
        return undefined;
    const [uri, relativePath] = [textOf(written, 'uri'), textOf(written, 'relativePath')];
    const common = { contentVersion: textOf(written, 'contentVersion'), queryString: textOf(written, 'queryString') };
    if (uri !== undefined)
        return { uri, ...common };
    if (relativePath !== undefined) {
        if (!parent || !URL.canParse(relativePath, parent.uri)) {
            throw invalidTemplate(`The ${kind} with the relative path '${relativePath}' is not valid: the template that it stands in was not linked by a URI`);
        }
        const { href } = new URL(relativePath, parent.uri);
        // A token that opens the parent opens what lies beside it.
        return { uri: href, relativePath, ...common, queryString: common.queryString ?? parent.queryString };
    }
    const id = textOf(written, 'id');
    if (id !== undefined)
        throw azureError('TemplateSpecNotEmulated', { values: { id } });
    throw invalidTemplate(`The ${kind} is not valid: it has neither 'uri' nor 'id' nor 'relativePath'`);
}
/** What a deployment shows of a link: not the query string, which is a secret. */
export const linkShown = (link) => link && compact({ uri: link.uri, relativePath: link.relativePath, contentVersion: link.contentVersion });
/** The JSON that `link` leads to, read from the `text` there. Throws InvalidTemplate. */
export function linkedJson(link, text) {
    const content = parsedContent(text);
    const actual = isObject(content) ? member(content, 'contentVersion') : undefined;
    if (link.contentVersion !== undefined && link.contentVersion !== actual) {
        const values = { uri: link.uri, expected: link.contentVersion, actual: jsonText(actual ?? '') };
        throw azureError('ContentVersionMismatch', { values });
    }
    return content;
}
/** The JSON in a text that is or should be a template. Throws InvalidTemplate. */
export function parsedContent(text) {
    try {
        return readJson(text.replace(/^\uFEFF/, ''));
    }
    catch (error) {
        if (!(error instanceof JsonReadError))
            throw error;
        throw azureError('InvalidTemplateParse', { values: { reason: error.message } });
    }
}
/** Azure's limit for a template. */
const maxBytes = 4 * 1024 * 1024;
/** A template could name files without end. */
const maxDownloads = 200;
function urlOf({ uri, queryString }) {
    if (!URL.canParse(uri))
        return undefined;
    const url = new URL(uri);
    if (queryString !== undefined)
        url.search = queryString;
    return url;
}
/** The linked contents of one deployment: each is downloaded once. */
export class LinkedTemplates {
    #options;
    #texts = new Map();
    constructor(options) {
        this.#options = options;
    }
    text(link) {
        const url = urlOf(link);
        return url && this.#texts.get(url.href);
    }
    async download(link) {
        const url = urlOf(link);
        if (!url || this.#texts.size >= maxDownloads)
            throw this.#refusal(link);
        try {
            const content = await download(url, { policy: this.#options.policy, maxBytes });
            this.#texts.set(url.href, content.toString('utf8'));
        }
        catch (error) {
            if (!(error instanceof DownloadRefused))
                throw error;
            this.#options.note(`${unsigned(link.uri)} cannot be downloaded: ${error.message}`);
            throw this.#refusal(link);
        }
    }
    #refusal({ uri }) {
        return azureError('InvalidContentLink', { values: { uri: unsigned(uri), trackingId: this.#options.trackingId } });
    }
}
//# sourceMappingURL=links.js.map