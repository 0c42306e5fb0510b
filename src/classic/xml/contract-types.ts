/**
 * The kinds of values that classic data contracts are made of: text, numbers, booleans, enumerations, lists. Scalars are
 * trimmed, because Azure's own samples pad them (`<Port> 80 </Port>`).
 */
import { azureError } from '../../errors.js';
import type { Contract, ContractMember, ContractType, DocumentType, ValueOf } from './contract.js';
import { isAzureElement } from './contract.js';
import type { XmlElement } from './reader.js';
import { escapeText, writeElement } from './writer.js';

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

/** Text that Azure writes as `i:nil` when there is none. */
export const nillableText: ContractType<string | null> = {
  schema: { type: 'string' },
  nil: null,
  read: text.read,
  write: (value) => ({ content: escapeText(value ?? '') }),
};

/** A whole number; Azure answers anything else with "A parameter was incorrect". */
export const integer: ContractType<number> = {
  schema: { type: 'integer' },
  read(element) {
    const digits = scalarText(element);
    if (digits === '') return undefined;
    if (!/^[+-]?\d{1,9}$/.test(digits)) throw azureError('ClassicIncorrectParameter');
    return Number(digits);
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
