/**
 * Reads and writes XML as the classic Service Management API does: namespaces, no DTD, no entities beyond XML's own five,
 * limited in size and depth; answers compact, without a declaration, both namespaces on the root.
 */
import { SaxesParser, type SaxesTagNS } from 'saxes';
import { azureError } from '../../../errors/index.js';

/** One element, with its position for error reports. Attribute names carry no prefix except `i:` and `xmlns:`. */
export interface XmlElement {
  readonly name: string;
  readonly namespace: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Character data of the element itself, not of its children. */
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

export interface XmlLimits {
  readonly maxLength?: number;
  readonly maxDepth?: number;
}

/** The namespace of `i:nil` and `i:type`. */
export const instanceNamespace = 'http://www.w3.org/2001/XMLSchema-instance';

interface OpenElement {
  readonly tag: SaxesTagNS;
  readonly children: XmlElement[];
  readonly line: number;
  readonly column: number;
  text: string;
}

const invalid = (reason: string, position?: { line: number; column: number }) =>
  azureError('ClassicInvalidXmlRequest', {
    details: [
      {
        code: 'InvalidXmlRequest',
        message: reason,
        ...(position && { target: `line ${position.line}, column ${position.column}` }),
      },
    ],
  });

function attributesOf(tag: SaxesTagNS): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const attribute of Object.values(tag.attributes)) {
    const name = attribute.uri === instanceNamespace ? `i:${attribute.local}` : attribute.name;
    attributes.set(name, attribute.value);
  }
  return attributes;
}

/**
 * The character encoding of a document: by its byte order mark, by the `<` that it begins with, or as it declares. A
 * declaration of UTF-16 over bytes that are none is what .NET's string writers leave behind.
 */
function encodingOf(bytes: Buffer): string {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c)) return 'utf-16be';
  const [, declared = 'utf-8'] =
    /^<\?xml\s[^>]*?encoding=["']([\w.:-]+)["']/.exec(bytes.toString('latin1', 0, 200)) ?? [];
  return /^utf-16/i.test(declared) ? 'utf-8' : declared;
}

/**
 * The text of a document, without its byte order mark: in UTF-8, in UTF-16, which .NET and PowerShell write, or as it
 * declares. Bytes that mean nothing in its encoding are Azure's `InvalidXmlRequest`.
 */
export function decodeXml(bytes: Buffer): string {
  try {
    return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error));
  }
}

/** `text` with a declaration that says UTF-8, as answers are sent. */
export const declaredUtf8 = (text: string): string =>
  text.replace(/^(<\?xml\s[^>]{0,200}?encoding=)(["'])utf-16\2/i, '$1$2utf-8$2');

/**
 * The root element of `text`. Whatever is wrong with the document, the error is Azure's `InvalidXmlRequest`; its
 * `details` say what and where.
 */
export function readXml(text: string, { maxLength = 4 * 1024 * 1024, maxDepth = 64 }: XmlLimits = {}): XmlElement {
  if (text.length > maxLength) throw invalid(`longer than ${maxLength} characters`);
  const parser = new SaxesParser({ xmlns: true, position: true });
  const open: OpenElement[] = [];
  let root: XmlElement | undefined;
  const position = () => ({ line: parser.line, column: parser.column });
  const addText = (data: string) => {
    const innermost = open.at(-1);
    if (innermost) innermost.text += data;
  };

  parser.on('error', (error) => {
    throw invalid(error.message, position());
  });
  parser.on('doctype', () => {
    throw invalid('a document type declaration is not allowed', position());
  });
  parser.on('opentag', (tag) => {
    if (open.length >= maxDepth) throw invalid(`nested deeper than ${maxDepth} elements`, position());
    open.push({ tag, children: [], text: '', ...position() });
  });
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const closed = open.pop();
    if (!closed) return;
    const element: XmlElement = {
      name: closed.tag.local,
      namespace: closed.tag.uri,
      attributes: attributesOf(closed.tag),
      children: closed.children,
      text: closed.text,
      line: closed.line,
      column: closed.column,
    };
    const parent = open.at(-1);
    if (parent) parent.children.push(element);
    else root = element;
  });

  // A byte order mark is what .NET's encoders put in front; it is no part of the document.
  parser.write(text.replace(/^\uFEFF/, '')).close();
  if (!root) throw invalid('no root element', position());
  return root;
}

/** `i:nil="true"`: the element stands for an absent one. */
export const isNil = (element: XmlElement): boolean => {
  const nil = element.attributes.get('i:nil')?.trim();
  return nil === 'true' || nil === '1';
};

/** The first child called `name`, in any namespace. */
export const childElement = (element: XmlElement, name: string): XmlElement | undefined =>
  element.children.find((child) => child.name === name);

/** All children called `name`, in document order. */
export const childElements = (element: XmlElement, name: string): XmlElement[] =>
  element.children.filter((child) => child.name === name);

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

export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
