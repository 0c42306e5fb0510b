/**
 * Data contracts: one declarative schema per classic XML type, from which it is read and written. Members are listed in
 * DataContract order, which is the order Azure writes and, but for a few elements, insists on reading.
 */
import { azureError } from '../../errors.js';
import type { XmlElement } from './reader.js';
import { isNil } from './reader.js';
import { azureNamespace, escapeText, writeElement, writeRoot } from './writer.js';

/** What reading and writing depend on. `version` is the request's x-ms-version, so that older clients see older shapes. */
export interface ContractContext {
  readonly version: string;
  /** `strict` also refuses the orders that real clients use and Azure let pass. */
  readonly order?: 'lenient' | 'strict';
}

/** An OpenAPI schema of a value, as far as the classic types need it. */
export interface ContractSchema {
  readonly type: 'string' | 'integer' | 'boolean' | 'array' | 'object';
  readonly enum?: readonly string[];
  readonly items?: ContractSchema;
  readonly properties?: Readonly<Record<string, ContractSchema>>;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly xml?: { readonly name?: string; readonly namespace?: string; readonly wrapped?: boolean };
}

/** How one kind of value is read from and written to an element. */
export interface ContractType<T> {
  readonly schema: ContractSchema;
  read(element: XmlElement, context: ContractContext): T | undefined;
  /** What `i:nil` means; absent when it is the same as no element at all. */
  readonly nil?: T;
  /** The element's content and its extra attributes. */
  write(value: T, context: ContractContext): { content: string; attributes?: string };
}

export interface ContractMember<T, Required extends boolean = boolean> {
  readonly type: ContractType<T>;
  readonly required: Required;
  /** The first x-ms-version that knows this element. */
  readonly since?: string;
  /** Other spellings that documentation samples use. */
  readonly aliases?: readonly string[];
}

export type ContractMembers = Readonly<Record<string, ContractMember<unknown>>>;

type ValueOfMember<M> = M extends ContractMember<infer T> ? T : never;
type RequiredNames<M> = { [K in keyof M]: M[K] extends ContractMember<unknown, true> ? K : never }[keyof M];

/** The TypeScript value that a contract describes. */
export type ValueOf<C> =
  C extends Contract<infer M>
    ? { readonly [K in RequiredNames<M>]: ValueOfMember<M[K]> } & {
        readonly [K in Exclude<keyof M, RequiredNames<M>>]?: ValueOfMember<M[K]> | undefined;
      }
    : never;

export interface Contract<M extends ContractMembers = ContractMembers> extends ContractType<Record<string, unknown>> {
  readonly typeName: string;
  readonly members: M;
  /** From this member on, any order is read: where real clients differ and Azure took them all. */
  readonly anyOrderFrom: string | undefined;
}

const azureNamespaces = new Set([azureNamespace, azureNamespace.replace('http:', 'https:'), '']);

/** Azure's namespace in any of the spellings that its documentation has had. */
export const isAzureElement = (element: XmlElement): boolean => azureNamespaces.has(element.namespace);

const misplaced = (type: string) => azureError('ClassicMalformedElement', { values: { type } });

interface KnownElement {
  readonly name: string;
  readonly rank: number;
  readonly strictRank: number;
  readonly member: ContractMember<unknown>;
}

function knownElements(members: ContractMembers, anyOrderFrom: string | undefined): Map<string, KnownElement> {
  const names = Object.keys(members);
  const limit = anyOrderFrom === undefined ? names.length : names.indexOf(anyOrderFrom);
  const known = new Map<string, KnownElement>();
  for (const [index, name] of names.entries()) {
    const member = members[name] as ContractMember<unknown>;
    const entry = { name, member, rank: Math.min(index, limit), strictRank: index };
    for (const spelling of [name, ...(member.aliases ?? [])]) known.set(spelling, entry);
  }
  return known;
}

function schemaOf(members: ContractMembers): ContractSchema {
  const entries = Object.entries(members);
  const properties = entries.map(([name, { type, since }]): [string, ContractSchema] => [
    name,
    since === undefined ? type.schema : { ...type.schema, description: `From x-ms-version ${since}.` },
  ]);
  const required = entries.filter(([, member]) => member.required).map(([name]) => name);
  return { type: 'object', properties: Object.fromEntries(properties), ...(required.length > 0 && { required }) };
}

export interface ContractOptions {
  readonly anyOrderFrom?: string;
  /** The value of `i:type` in answers. */
  readonly instanceType?: string;
}

/** Declares the data contract `typeName` with `members` in DataContract order. */
export function contract<const M extends ContractMembers>(
  typeName: string,
  members: M,
  { anyOrderFrom, instanceType }: ContractOptions = {},
): Contract<M> {
  const known = knownElements(members, anyOrderFrom);

  function read(element: XmlElement, context: ContractContext): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    let rank = -1;
    for (const child of element.children) {
      const entry = isAzureElement(child) ? known.get(child.name) : undefined;
      const unknownYet = entry?.member.since !== undefined && context.version < entry.member.since;
      if (!entry || unknownYet || Object.hasOwn(value, entry.name)) throw misplaced(typeName);
      const childRank = context.order === 'strict' ? entry.strictRank : entry.rank;
      if (childRank < rank) throw misplaced(typeName);
      rank = childRank;
      const { type } = entry.member;
      const read = isNil(child) ? type.nil : type.read(child, context);
      if (read !== undefined) value[entry.name] = read;
    }
    for (const [name, member] of Object.entries(members)) {
      if (member.required && value[name] === undefined) throw misplaced(typeName);
    }
    return value;
  }

  function write(value: Record<string, unknown>, context: ContractContext) {
    let content = '';
    for (const [name, member] of Object.entries(members)) {
      const item = value[name];
      if (item === undefined || (member.since !== undefined && context.version < member.since)) continue;
      if (item === null) {
        content += `<${name} i:nil="true"/>`;
        continue;
      }
      const written = member.type.write(item, context);
      content += writeElement(name, written.content, { attributes: written.attributes ?? '' });
    }
    return instanceType === undefined ? { content } : { content, attributes: ` i:type="${escapeText(instanceType)}"` };
  }

  return { typeName, members, anyOrderFrom, schema: schemaOf(members), read, write };
}

/** A whole XML document: what it contains and what its root may be called. */
export interface DocumentType<T> {
  readonly type: ContractType<T>;
  readonly names: readonly string[];
}

/** Reads a request body; a root of another name is misspelled. */
export function readDocument<T>(document: DocumentType<T>, root: XmlElement, context: ContractContext): T {
  const value =
    isAzureElement(root) && document.names.includes(root.name) ? document.type.read(root, context) : undefined;
  if (value === undefined) throw misplaced(document.names[0] as string);
  return value;
}

/** An answer's whole body; the root has the document's first name. */
export const writeDocument = <T>(document: DocumentType<T>, value: T, context: ContractContext): string =>
  writeRoot(document.names[0] as string, document.type.write(value, context).content);
