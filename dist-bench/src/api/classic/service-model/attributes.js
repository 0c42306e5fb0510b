/**
 * Reading the two XML files of a cloud service. Both say everything in attributes, and people write attribute names in
 * any casing. Imitates "Azure Cloud Services Definition Schema" and "… Configuration Schema".
 */
import { AzureError, azureError } from '../../../errors/index.js';
import { inRange } from '../../../resources/Microsoft.ClassicCompute/endpoints.js';
import { readXml } from '../xml/xml.js';
/** The refusal of `file`, saying why. */
export const refused = (file, reason) => azureError(file === 'definition' ? 'ClassicServiceDefinition' : 'ClassicServiceConfiguration', {
    values: { reason },
});
/** Refuses a child of `element` that is none of `known`, by its name. */
export function refuseUnknown(file, element, known) {
    const unknown = element.children.find(({ name }) => !known.includes(name));
    if (unknown)
        throw refused(file, `Element ${unknown.name} is unknown in ${element.name}.`);
}
/** Attributes of one element of a csdef or cscfg. */
export class Attributes {
    #file;
    #element;
    #values;
    constructor(file, element) {
        this.#file = file;
        this.#element = element;
        this.#values = new Map([...element.attributes].map(([name, value]) => [name.toLowerCase(), value.trim()]));
    }
    /** The attribute, or undefined when it is absent or empty. */
    optional(name) {
        return this.#values.get(name.toLowerCase()) || undefined;
    }
    /** The attribute; refused when absent. */
    required(name) {
        const value = this.optional(name);
        if (value !== undefined)
            return value;
        throw this.refuse(`Element ${this.#element.name} has no attribute ${name}.`);
    }
    /** The attribute as a number within a range. */
    number(name, { min, max }) {
        const value = this.optional(name);
        if (value === undefined)
            return undefined;
        if (!/^\d{1,9}$/.test(value))
            throw this.refuse(`Attribute ${name} of ${this.#element.name} is no number: ${value}.`);
        return inRange(Number(value), { parameter: `${this.#element.name}.${name}`, min, max });
    }
    /** The attribute as one of `values`, in any casing. */
    oneOf(name, values) {
        const value = this.optional(name);
        if (value === undefined)
            return undefined;
        const found = values.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
        if (found !== undefined)
            return found;
        const allowed = values.join(', ');
        const parameter = `${this.#element.name}.${name}`;
        throw azureError('ClassicInvalidParameterValue', { values: { value, parameter, allowed } });
    }
    /** An error about this element. */
    refuse(reason) {
        return refused(this.#file, `${reason} (line ${this.#element.line})`);
    }
}
function readRoot(file, text) {
    try {
        return readXml(text);
    }
    catch (error) {
        // The request's own XML was good; what is wrong is the file within it.
        throw refused(file, `It is no XML: ${error instanceof AzureError ? error.details[0]?.message : String(error)}`);
    }
}
/** The root of a csdef or cscfg; its namespace ends in `root`, with http or https, or is missing. */
export function readServiceModel(file, text) {
    const root = readRoot(file, text);
    const name = file === 'definition' ? 'ServiceDefinition' : 'ServiceConfiguration';
    if (root.name === name && (root.namespace === '' || root.namespace.endsWith(`/${name}`)))
        return root;
    throw refused(file, `The root element is ${root.name}, not ${name}.`);
}
//# sourceMappingURL=attributes.js.map