/**
 * Reads and writes XML as the classic Service Management API does: namespaces, no DTD, no entities beyond XML's own five,
 * limited in size and depth; answers compact, without a declaration, both namespaces on the root.
 */
import { SaxesParser } from 'saxes';
import { azureError } from '../../../errors/index.js';
/** The namespace of `i:nil` and `i:type`. */
export const instanceNamespace = 'http://www.w3.org/2001/XMLSchema-instance';
const invalid = (reason, position) => azureError('ClassicInvalidXmlRequest', {
    details: [
        {
            code: 'InvalidXmlRequest',
            message: reason,
            ...(position && { target: `line ${position.line}, column ${position.column}` }),
        },
    ],
});
function attributesOf(tag) {
    const attributes = new Map();
    for (const attribute of Object.values(tag.attributes)) {
        const name = attribute.uri === instanceNamespace ? `i:${attribute.local}` : attribute.name;
        attributes.set(name, attribute.value);
    }
    return attributes;
}
/** The character encoding of a document by its byte order mark, or by the `<` that it begins with. */
function encodingOf(bytes) {
    const [first, second] = bytes;
    if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0))
        return 'utf-16le';
    if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c))
        return 'utf-16be';
    return 'utf-8';
}
/** The text of a document in UTF-8 or UTF-16, which .NET and PowerShell write, without its byte order mark. */
export const decodeXml = (bytes) => new TextDecoder(encodingOf(bytes)).decode(bytes);
/** `text` with a declaration that says UTF-8, as answers are sent. */
export const declaredUtf8 = (text) => text.replace(/^(<\?xml\s[^>]{0,200}?encoding=)(["'])utf-16\2/i, '$1$2utf-8$2');
/**
 * The root element of `text`. Whatever is wrong with the document, the error is Azure's `InvalidXmlRequest`; its
 * `details` say what and where.
 */
export function readXml(text, { maxLength = 4 * 1024 * 1024, maxDepth = 64 } = {}) {
    if (text.length > maxLength)
        throw invalid(`longer than ${maxLength} characters`);
    const parser = new SaxesParser({ xmlns: true, position: true });
    const open = [];
    let root;
    const position = () => ({ line: parser.line, column: parser.column });
    const addText = (data) => {
        const innermost = open.at(-1);
        if (innermost)
            innermost.text += data;
    };
    parser.on('error', (error) => {
        throw invalid(error.message, position());
    });
    parser.on('doctype', () => {
        throw invalid('a document type declaration is not allowed', position());
    });
    parser.on('opentag', (tag) => {
        if (open.length >= maxDepth)
            throw invalid(`nested deeper than ${maxDepth} elements`, position());
        open.push({ tag, children: [], text: '', ...position() });
    });
    parser.on('text', addText);
    parser.on('cdata', addText);
    parser.on('closetag', () => {
        const closed = open.pop();
        if (!closed)
            return;
        const element = {
            name: closed.tag.local,
            namespace: closed.tag.uri,
            attributes: attributesOf(closed.tag),
            children: closed.children,
            text: closed.text,
            line: closed.line,
            column: closed.column,
        };
        const parent = open.at(-1);
        if (parent)
            parent.children.push(element);
        else
            root = element;
    });
    // A byte order mark is what .NET's encoders put in front; it is no part of the document.
    parser.write(text.replace(/^\uFEFF/, '')).close();
    if (!root)
        throw invalid('no root element', position());
    return root;
}
/** `i:nil="true"`: the element stands for an absent one. */
export const isNil = (element) => {
    const nil = element.attributes.get('i:nil')?.trim();
    return nil === 'true' || nil === '1';
};
/** The first child called `name`, in any namespace. */
export const childOf = (element, name) => element.children.find((child) => child.name === name);
/** All children called `name`, in document order. */
export const childrenOf = (element, name) => element.children.filter((child) => child.name === name);
/** The namespace of every classic request and answer. */
export const azureNamespace = 'http://schemas.microsoft.com/windowsazure';
const escapes = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    '\r': '&#xD;',
    '\t': '&#x9;',
    '\n': '&#xA;',
};
/** `character` is one that XML 1.0 can express. */
const isExpressible = (character) => {
    const code = character.codePointAt(0);
    if (code < 0x20)
        return code === 0x9 || code === 0xa || code === 0xd;
    return !(code >= 0xd800 && code <= 0xdfff) && code !== 0xfffe && code !== 0xffff;
};
/** `text` without what XML cannot express at all, not even as a reference. */
const expressible = (text) => Array.from(text).filter(isExpressible).join('');
/** `text` as character data. A carriage return is written as a reference, or reading would turn it into a line feed. */
export const escapeText = (text) => expressible(text).replace(/[&<>\r]/g, (character) => escapes[character]);
/** `value` as an attribute value without its quotes. */
export const escapeAttribute = (value) => expressible(value).replace(/[&<>"\r\n\t]/g, (character) => escapes[character]);
/** One element with `content` that is XML already; `attributes` start with a space when there are any. */
export const writeElement = (name, content, { attributes = '' } = {}) => content === '' ? `<${name}${attributes}/>` : `<${name}${attributes}>${content}</${name}>`;
/** The root element of an answer, with Azure's two namespace declarations. */
export const writeRoot = (name, content) => writeElement(name, content, { attributes: ` xmlns="${azureNamespace}" xmlns:i="${instanceNamespace}"` });
export const timestamp = (ms) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
//# sourceMappingURL=xml.js.map