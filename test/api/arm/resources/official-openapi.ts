/**
 * The official OpenAPI documents of Microsoft.Network, read from outside the project: for each operation, what Azure
 * documents as its answer, compiled with Ajv.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';

const shared = process.env.LAZURITE_SHARED ?? '../shared';
const network = join(shared, 'azure-specs/specification/network/resource-manager/Microsoft.Network/stable');

/** Where the documents are; undefined when they are not there. */
export const officialDocuments = existsSync(join(network, '2024-03-01/loadBalancer.json')) ? network : undefined;

interface Operation {
  readonly operationId: string;
  readonly responses: Record<string, { schema?: object }>;
}

interface Document {
  /** Absent where a document only defines. */
  readonly paths?: Record<string, Record<string, Operation>>;
}

/** One documented operation. */
export interface OfficialOperation {
  readonly method: string;
  /** `/subscriptions/{subscriptionId}/…`. */
  readonly path: string;
  readonly operationId: string;
  readonly statuses: readonly string[];
}

const fileKey = (file: string): string => `spec:///${file}`;

export class OfficialOpenApi {
  readonly #ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, logger: false });
  readonly #documents = new Map<string, Document>();

  constructor(
    readonly folder: string,
    readonly version: string,
  ) {}

  /** Loads a document, and every document that it refers to. */
  #load(file: string): Document {
    const known = this.#documents.get(file);
    if (known) return known;
    const text = readFileSync(join(this.folder, this.version, file), 'utf8');
    // Definitions refer to each other by relative file names; absolute ids make them one set.
    const files = new Set<string>();
    const document = JSON.parse(text, (key, value: unknown) => {
      // `discriminator` means something else to Ajv than to Swagger.
      if (key === 'discriminator' || key === 'x-ms-examples') return undefined;
      // Swagger 2 bounds are those of an older JSON Schema.
      if (/^exclusiveM/.test(key) && typeof value === 'boolean') return undefined;
      if (key !== '$ref' || typeof value !== 'string') return value;
      const [target = '', pointer = ''] = value.split('#');
      const name = target.replace(/^\.\//, '') || file;
      files.add(name);
      return `${fileKey(name)}#${pointer}`;
    }) as Document;
    this.#documents.set(file, document);
    this.#ajv.addSchema(document as object, fileKey(file));
    for (const name of files) if (!/^(\.\.|examples\/)/.test(name)) this.#load(name);
    return document;
  }

  /** Every operation of a document. */
  operations(file: string): OfficialOperation[] {
    return Object.entries(this.#load(file).paths ?? {}).flatMap(([path, methods]) =>
      // Beside the methods stand the parameters that all of them have.
      Object.entries(methods)
        .filter(([method]) => method !== 'parameters')
        .map(([method, { operationId, responses }]) => ({
          method: method.toUpperCase(),
          path,
          operationId,
          statuses: Object.keys(responses).filter((status) => status !== 'default'),
        })),
    );
  }

  /** The check of an answer's body; undefined where no body is documented. */
  validator(file: string, { method, path }: OfficialOperation, status: number): ValidateFunction | undefined {
    const operation = this.#load(file).paths?.[path]?.[method.toLowerCase()];
    if (!operation?.responses[String(status)]?.schema) return undefined;
    const pointer = ['paths', path, method.toLowerCase(), 'responses', String(status), 'schema']
      .map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/');
    return this.#ajv.compile({ $ref: `${fileKey(file)}#/${pointer}` });
  }
}
