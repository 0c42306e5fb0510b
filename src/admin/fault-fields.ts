/** Reads the members of a fault that somebody wants injected, and refuses what nobody would understand. */
import { azureError } from '../errors.js';

export const invalidFault = (reason: string) => azureError('InvalidFault', { values: { reason } });

export class FaultFields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #read = new Set<string>();

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  text(name: string): string | undefined {
    const value = this.#take(name);
    if (value !== undefined && typeof value !== 'string') throw invalidFault(`'${name}' must be text`);
    return value;
  }

  /** A number from `least` on; text that is a number will do, as command lines send it. */
  number(name: string, { least, most = Number.MAX_SAFE_INTEGER }: { least: number; most?: number }) {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number !== 'number' || !(number >= least && number <= most)) {
      throw invalidFault(
        `'${name}' must be a number from ${least}${most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : ''}`,
      );
    }
    return number;
  }

  oneOf<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    const found = choices.find((choice) => choice.toLowerCase() === String(value).toLowerCase());
    if (found === undefined) throw invalidFault(`'${name}' must be one of ${choices.join(', ')}`);
    return found;
  }

  /** Refuses members that nobody has asked for: a misspelt one would silently do nothing. */
  finish(): void {
    const unknown = Object.keys(this.#values).filter((name) => !this.#read.has(name));
    if (unknown.length > 0) {
      throw invalidFault(`it has no '${unknown.join("', '")}'; it may have ${[...this.#read].join(', ')}`);
    }
  }

  #take(name: string): unknown {
    this.#read.add(name);
    const value = this.#values[name];
    return value === null ? undefined : value;
  }
}
