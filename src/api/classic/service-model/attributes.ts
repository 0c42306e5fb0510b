/**
 * Reading the XML files that people write: the two of a cloud service and the network configuration. They say nearly
 * everything in attributes, whose names are written in any casing. Imitates "Azure Cloud Services Definition Schema" and
 * "… Configuration Schema".
 */
import { AzureError, azureError } from '../../../errors/index.js';
import { inRange } from '../../../resources/Microsoft.ClassicCompute/endpoints.js';
import { childElement, childElements, readXml, type XmlElement } from '../xml/xml.js';

export type ServiceModelFile = 'definition' | 'configuration' | 'networks';

const refusals = {
  definition: 'ClassicServiceDefinition',
  configuration: 'ClassicServiceConfiguration',
  networks: 'ClassicNetworkConfiguration',
} as const;

/** The refusal of `file`, saying why. */
export const refused = (file: ServiceModelFile, reason: string): AzureError =>
  azureError(refusals[file], { values: { reason } });

/** The `item` elements within the child called `container`. */
export function within(parent: XmlElement | undefined, container: string, item: string): XmlElement[] {
  const list = parent && childElement(parent, container);
  return list ? childElements(list, item) : [];
}

/** Refuses a child of `element` that is none of `known`, by its name. */
export function refuseUnknown(file: ServiceModelFile, element: XmlElement, known: readonly string[]): void {
  const unknown = element.children.find(({ name }) => !known.includes(name));
  if (unknown) throw refused(file, `Element ${unknown.name} is unknown in ${element.name}.`);
}

/** Refuses an attribute of `element` that is none of `known`, in any casing: a misspelled one would be lost otherwise. */
function refuseUnknownAttributes(file: ServiceModelFile, element: XmlElement, known: readonly string[]): void {
  const folded = known.map((name) => name.toLowerCase());
  // Declarations of namespaces, and attributes of other namespaces such as xsi:schemaLocation, say nothing here.
  const unknown = [...element.attributes.keys()].find(
    (name) => name !== 'xmlns' && !name.includes(':') && !folded.includes(name.toLowerCase()),
  );
  if (unknown === undefined) return;
  throw refused(file, `Attribute ${unknown} is unknown in ${element.name}. (line ${element.line})`);
}

/** The names that a file knows, by element; an element that is not listed may have any. */
export interface KnownNames {
  readonly children: ReadonlyMap<string, readonly string[]>;
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}

/** Refuses what is unknown anywhere within `element`, by its name. */
export function refuseUnknownWithin(file: ServiceModelFile, element: XmlElement, known: KnownNames): void {
  const attributes = known.attributes.get(element.name);
  if (attributes) refuseUnknownAttributes(file, element, attributes);
  const children = known.children.get(element.name);
  if (children) refuseUnknown(file, element, children);
  for (const child of element.children) refuseUnknownWithin(file, child, known);
}

/** Attributes of one element. */
export class Attributes {
  readonly #file: ServiceModelFile;
  readonly #element: XmlElement;
  readonly #values: ReadonlyMap<string, string>;

  constructor(file: ServiceModelFile, element: XmlElement) {
    this.#file = file;
    this.#element = element;
    this.#values = new Map([...element.attributes].map(([name, value]) => [name.toLowerCase(), value.trim()]));
  }

  /** The attribute, or undefined when it is absent or empty. */
  optional(name: string): string | undefined {
    return this.#values.get(name.toLowerCase()) || undefined;
  }

  /** The attribute; refused when absent. */
  required(name: string): string {
    const value = this.optional(name);
    if (value !== undefined) return value;
    throw this.refuse(`Element ${this.#element.name} has no attribute ${name}.`);
  }

  /** The attribute as a number within a range. */
  number(name: string, { min, max }: { min: number; max: number }): number | undefined {
    const value = this.optional(name);
    if (value === undefined) return undefined;
    if (!/^\d{1,9}$/.test(value))
      throw this.refuse(`Attribute ${name} of ${this.#element.name} is no number: ${value}.`);
    return inRange(Number(value), { parameter: `${this.#element.name}.${name}`, min, max });
  }

  /** The attribute as one of `values`, in any casing. */
  oneOf<const T extends string>(name: string, values: readonly T[]): T | undefined {
    const value = this.optional(name);
    if (value === undefined) return undefined;
    const found = values.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
    if (found !== undefined) return found;
    const allowed = values.join(', ');
    const parameter = `${this.#element.name}.${name}`;
    throw azureError('ClassicInvalidParameterValue', { values: { value, parameter, allowed } });
  }

  /** An error about this element. */
  refuse(reason: string): AzureError {
    return refused(this.#file, `${reason} (line ${this.#element.line})`);
  }
}

function readRoot(file: ServiceModelFile, text: string): XmlElement {
  try {
    return readXml(text);
  } catch (error) {
    // The request's own XML was good; what is wrong is the file within it.
    throw refused(file, `It is no XML: ${error instanceof AzureError ? error.details[0]?.message : String(error)}`);
  }
}

/** The root of a csdef or cscfg; its namespace ends in `root`, with http or https, or is missing. */
export function readServiceModel(file: ServiceModelFile, text: string): XmlElement {
  const root = readRoot(file, text);
  const name = file === 'definition' ? 'ServiceDefinition' : 'ServiceConfiguration';
  if (root.name === name && (root.namespace === '' || root.namespace.endsWith(`/${name}`))) return root;
  throw refused(file, `The root element is ${root.name}, not ${name}.`);
}
