/**
 * Data contracts: one declarative schema per classic XML type, from which it is read and written. Members are listed in
 * DataContract order, which is the order Azure writes and, but for a few elements, insists on reading. Scalars are trimmed,
 * because Azure's own samples pad them (`<Port> 80 </Port>`).
 */
import { azureError } from '../../../errors/index.js';
import { azureNamespace, escapeText, isNil, writeElement, writeRoot, type XmlElement } from './xml.js';

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

/** Facts about a member besides its type. */
export interface MemberOptions {
  readonly since?: string;
  readonly aliases?: readonly string[];
}

/** A member that may be absent. */
export const optional = <T>(type: ContractType<T>, options: MemberOptions = {}): ContractMember<T, false> => ({
  type,
  required: false,
  ...options,
});

/** Members that may all be absent, of one type, in this order. */
export const optionals = <T, const N extends readonly string[]>(type: ContractType<T>, ...names: N) =>
  Object.fromEntries(names.map((name) => [name, optional(type)])) as {
    readonly [Name in N[number]]: ContractMember<T, false>;
  };

/** A member without which the element is refused. */
export const required = <T>(type: ContractType<T>, options: MemberOptions = {}): ContractMember<T, true> => ({
  type,
  required: true,
  ...options,
});

function scalarText(element: XmlElement): string {
  if (element.children.length > 0) throw azureError('ClassicIncorrectParameter');
  return element.text.trim();
}

/** Text. An empty element is an absent value, as .NET clients send `<Path/>`. */
export const text: ContractType<string> = {
  schema: { type: 'string' },
  read: (element) => scalarText(element) || undefined,
  write: (value) => ({ content: escapeText(value) }),
};

/** Text whose emptiness means something: an element present but empty stays ''. */
export const textOrEmpty: ContractType<string> = { ...text, read: scalarText };

/** Text in base64, of at most 100 characters: the labels of services and of deployments of web and worker roles. */
export const encodedLabel: ContractType<string> = {
  ...text,
  read(element) {
    const encoded = scalarText(element);
    const decoded = Buffer.from(encoded, 'base64');
    const isBase64 = decoded.toString('base64').replace(/=+$/, '') === encoded.replace(/\s|=+$/g, '');
    if (!isBase64 || decoded.toString().length > 100) throw azureError('ClassicIncorrectParameter');
    return encoded || undefined;
  },
};

/** Text that Azure writes as `i:nil` when there is none. */
export const nillableText: ContractType<string | null> = {
  schema: { type: 'string' },
  nil: null,
  read: text.read,
  write: (value) => ({ content: escapeText(value ?? '') }),
};

/** A whole number of 32 bits; Azure answers anything else with "A parameter was incorrect". */
export const integer: ContractType<number> = {
  schema: { type: 'integer' },
  read(element) {
    const digits = scalarText(element);
    if (digits === '') return undefined;
    const value = /^[+-]?\d+$/.test(digits) ? Number(digits) : Number.NaN;
    // Also false for what is no number.
    if (value === (value | 0)) return value;
    throw azureError('ClassicIncorrectParameter');
  },
  write: (value) => ({ content: String(value) }),
};

/** xs:boolean, and the capitalised words that .NET's ToString() makes. */
export const boolean: ContractType<boolean> = {
  schema: { type: 'boolean' },
  read(element) {
    const word = scalarText(element).toLowerCase();
    if (word === '') return undefined;
    if (word === 'true' || word === '1') return true;
    if (word === 'false' || word === '0') return false;
    throw azureError('ClassicIncorrectParameter');
  },
  write: (value) => ({ content: String(value) }),
};

/** One of `values` in any casing; answers carry Azure's casing. `parameter` is what the refusal calls it. */
export const enumeration = <const T extends string>(parameter: string, values: readonly T[]): ContractType<T> => ({
  schema: { type: 'string', enum: values },
  read(element) {
    const word = scalarText(element);
    if (word === '') return undefined;
    const value = values.find((candidate) => candidate.toLowerCase() === word.toLowerCase());
    if (value !== undefined) return value;
    throw azureError('ClassicInvalidParameterValue', {
      values: { value: word, parameter, allowed: values.join(', ') },
    });
  },
  write: (value) => ({ content: value }),
});

/** A list of `<item>` elements, each of `type`. */
export const list = <T>(item: string, type: ContractType<T>): ContractType<readonly T[]> => ({
  schema: { type: 'array', items: { ...type.schema, xml: { name: item } }, xml: { wrapped: true } },
  read(element, context) {
    return element.children.map((child) => {
      const value = isAzureElement(child) && child.name === item ? type.read(child, context) : undefined;
      if (value === undefined) throw azureError('ClassicMalformedElement', { values: { type: element.name } });
      return value;
    });
  },
  write(values, context) {
    let content = '';
    for (const value of values) {
      const written = type.write(value, context);
      content += writeElement(item, written.content, { attributes: written.attributes ?? '' });
    }
    return { content };
  },
});

/** A nested data contract. */
export const nested = <C extends Contract>(contract: C): ContractType<ValueOf<C>> => ({
  schema: contract.schema,
  read: (element, context) => contract.read(element, context) as ValueOf<C>,
  write: (value, context) => contract.write(value as Record<string, unknown>, context),
});

/** A list of nested data contracts. */
export const listOf = <C extends Contract>(item: string, contract: C): ContractType<readonly ValueOf<C>[]> =>
  list(item, nested(contract));

/** An element that clients send and Lazurite neither needs nor returns (provisioning data, passwords). */
export const ignored: ContractType<never> = {
  schema: { type: 'object', description: 'Accepted, without effect.' },
  read: () => undefined,
  write: () => ({ content: '' }),
};

/** The document whose root is the contract's own type. `alsoNamed`: other root names that clients send. */
export const documentOf = <C extends Contract>(contract: C, ...alsoNamed: string[]): DocumentType<ValueOf<C>> => ({
  type: nested(contract),
  names: [contract.typeName, ...alsoNamed],
});

/** A document that is a list. */
export const listDocument = <T>(name: string, type: ContractType<T>): DocumentType<T> => ({ type, names: [name] });
