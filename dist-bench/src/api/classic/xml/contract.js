/**
 * Data contracts: one declarative schema per classic XML type, from which it is read and written. Members are listed in
 * DataContract order, which is the order Azure writes and, but for a few elements, insists on reading. Scalars are trimmed,
 * because Azure's own samples pad them (`<Port> 80 </Port>`).
 */
import { azureError } from '../../../errors/index.js';
import { azureNamespace, escapeText, isNil, writeElement, writeRoot } from './xml.js';
const azureNamespaces = new Set([azureNamespace, azureNamespace.replace('http:', 'https:'), '']);
/** Azure's namespace in any of the spellings that its documentation has had. */
export const isAzureElement = (element) => azureNamespaces.has(element.namespace);
const misplaced = (type) => azureError('ClassicMalformedElement', { values: { type } });
function knownElements(members, anyOrderFrom) {
    const names = Object.keys(members);
    const limit = anyOrderFrom === undefined ? names.length : names.indexOf(anyOrderFrom);
    const known = new Map();
    for (const [index, name] of names.entries()) {
        const member = members[name];
        const entry = { name, member, rank: Math.min(index, limit), strictRank: index };
        for (const spelling of [name, ...(member.aliases ?? [])])
            known.set(spelling, entry);
    }
    return known;
}
function schemaOf(members) {
    const entries = Object.entries(members);
    const properties = entries.map(([name, { type, since }]) => [
        name,
        since === undefined ? type.schema : { ...type.schema, description: `From x-ms-version ${since}.` },
    ]);
    const required = entries.filter(([, member]) => member.required).map(([name]) => name);
    return { type: 'object', properties: Object.fromEntries(properties), ...(required.length > 0 && { required }) };
}
/** Declares the data contract `typeName` with `members` in DataContract order. */
export function contract(typeName, members, { anyOrderFrom, instanceType } = {}) {
    const known = knownElements(members, anyOrderFrom);
    function read(element, context) {
        const value = {};
        let rank = -1;
        for (const child of element.children) {
            const entry = isAzureElement(child) ? known.get(child.name) : undefined;
            const unknownYet = entry?.member.since !== undefined && context.version < entry.member.since;
            if (!entry || unknownYet || Object.hasOwn(value, entry.name))
                throw misplaced(typeName);
            const childRank = context.order === 'strict' ? entry.strictRank : entry.rank;
            if (childRank < rank)
                throw misplaced(typeName);
            rank = childRank;
            const { type } = entry.member;
            const read = isNil(child) ? type.nil : type.read(child, context);
            if (read !== undefined)
                value[entry.name] = read;
        }
        for (const [name, member] of Object.entries(members)) {
            if (member.required && value[name] === undefined)
                throw misplaced(typeName);
        }
        return value;
    }
    function write(value, context) {
        let content = '';
        for (const [name, member] of Object.entries(members)) {
            const item = value[name];
            if (item === undefined || (member.since !== undefined && context.version < member.since))
                continue;
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
/** Reads a request body; a root of another name is misspelled. */
export function readDocument(document, root, context) {
    const value = isAzureElement(root) && document.names.includes(root.name) ? document.type.read(root, context) : undefined;
    if (value === undefined)
        throw misplaced(document.names[0]);
    return value;
}
/** An answer's whole body; the root has the document's first name. */
export const writeDocument = (document, value, context) => writeRoot(document.names[0], document.type.write(value, context).content);
/** A member that may be absent. */
export const optional = (type, options = {}) => ({
    type,
    required: false,
    ...options,
});
/** A member without which the element is refused. */
export const required = (type, options = {}) => ({
    type,
    required: true,
    ...options,
});
function scalarText(element) {
    if (element.children.length > 0)
        throw azureError('ClassicIncorrectParameter');
    return element.text.trim();
}
/** Text. An empty element is an absent value, as .NET clients send `<Path/>`. */
export const text = {
    schema: { type: 'string' },
    read: (element) => scalarText(element) || undefined,
    write: (value) => ({ content: escapeText(value) }),
};
/** Text whose emptiness means something: an element present but empty stays ''. */
export const textOrEmpty = { ...text, read: scalarText };
/** Text that Azure writes as `i:nil` when there is none. */
export const nillableText = {
    schema: { type: 'string' },
    nil: null,
    read: text.read,
    write: (value) => ({ content: escapeText(value ?? '') }),
};
/** A whole number; Azure answers anything else with "A parameter was incorrect". */
export const integer = {
    schema: { type: 'integer' },
    read(element) {
        const digits = scalarText(element);
        if (digits === '')
            return undefined;
        if (!/^[+-]?\d{1,9}$/.test(digits))
            throw azureError('ClassicIncorrectParameter');
        return Number(digits);
    },
    write: (value) => ({ content: String(value) }),
};
/** xs:boolean, and the capitalised words that .NET's ToString() makes. */
export const boolean = {
    schema: { type: 'boolean' },
    read(element) {
        const word = scalarText(element).toLowerCase();
        if (word === '')
            return undefined;
        if (word === 'true' || word === '1')
            return true;
        if (word === 'false' || word === '0')
            return false;
        throw azureError('ClassicIncorrectParameter');
    },
    write: (value) => ({ content: String(value) }),
};
/** One of `values` in any casing; answers carry Azure's casing. `parameter` is what the refusal calls it. */
export const enumeration = (parameter, values) => ({
    schema: { type: 'string', enum: values },
    read(element) {
        const word = scalarText(element);
        if (word === '')
            return undefined;
        const value = values.find((candidate) => candidate.toLowerCase() === word.toLowerCase());
        if (value !== undefined)
            return value;
        throw azureError('ClassicInvalidParameterValue', {
            values: { value: word, parameter, allowed: values.join(', ') },
        });
    },
    write: (value) => ({ content: value }),
});
/** A list of `<item>` elements, each of `type`. */
export const list = (item, type) => ({
    schema: { type: 'array', items: { ...type.schema, xml: { name: item } }, xml: { wrapped: true } },
    read(element, context) {
        return element.children.map((child) => {
            const value = isAzureElement(child) && child.name === item ? type.read(child, context) : undefined;
            if (value === undefined)
                throw azureError('ClassicMalformedElement', { values: { type: element.name } });
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
export const nested = (contract) => ({
    schema: contract.schema,
    read: (element, context) => contract.read(element, context),
    write: (value, context) => contract.write(value, context),
});
/** A list of nested data contracts. */
export const listOf = (item, contract) => list(item, nested(contract));
/** An element that clients send and Lazurite neither needs nor returns (provisioning data, passwords). */
export const ignored = {
    schema: { type: 'object', description: 'Accepted, without effect.' },
    read: () => undefined,
    write: () => ({ content: '' }),
};
/** The document whose root is the contract's own type. `alsoNamed`: other root names that clients send. */
export const documentOf = (contract, ...alsoNamed) => ({
    type: nested(contract),
    names: [contract.typeName, ...alsoNamed],
});
/** A document that is a list. */
export const listDocument = (name, type) => ({ type, names: [name] });
//# sourceMappingURL=contract.js.map