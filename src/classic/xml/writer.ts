/**
 * Writes XML as Azure's classic front end does: no declaration, compact, empty elements closed in one tag, both
 * namespaces on the root. Imitates the answers of the Service Management REST API byte for byte.
 */
import { instanceNamespace } from './reader.js';

/** The namespace of every classic request and answer. */
export const azureNamespace = 'http://schemas.microsoft.com/windowsazure';

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
  '\t': '&#x9;',
  '\n': '&#xA;',
};

/** `character` is one that XML 1.0 can express. */
const isExpressible = (character: string): boolean => {
  const code = character.codePointAt(0) as number;
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return !(code >= 0xd800 && code <= 0xdfff) && code !== 0xfffe && code !== 0xffff;
};

/** `text` without what XML cannot express at all, not even as a reference. */
const expressible = (text: string): string => Array.from(text).filter(isExpressible).join('');

/** `text` as character data. A carriage return is written as a reference, or reading would turn it into a line feed. */
export const escapeText = (text: string): string =>
  expressible(text).replace(/[&<>\r]/g, (character) => escapes[character] as string);

/** `value` as an attribute value without its quotes. */
export const escapeAttribute = (value: string): string =>
  expressible(value).replace(/[&<>"\r\n\t]/g, (character) => escapes[character] as string);

/** One element with `content` that is XML already; `attributes` start with a space when there are any. */
export const writeElement = (name: string, content: string, { attributes = '' } = {}): string =>
  content === '' ? `<${name}${attributes}/>` : `<${name}${attributes}>${content}</${name}>`;

/** The root element of an answer, with Azure's two namespace declarations. */
export const writeRoot = (name: string, content: string): string =>
  writeElement(name, content, { attributes: ` xmlns="${azureNamespace}" xmlns:i="${instanceNamespace}"` });
