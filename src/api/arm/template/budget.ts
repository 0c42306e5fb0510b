/**
 * What the evaluation of one deployment's expressions may cost: steps, the size of results, how deep they go. Azure's
 * limits where they are documented (https://learn.microsoft.com/azure/azure-resource-manager/templates/best-practices),
 * others such that no evaluation holds the thread for long.
 */

import { isObject, type Json } from './json.js';
import { ExpressionError } from './parser.js';

/** Between two pauses: about 20 ms of work. */
const maxStepsWithoutPause = 80_000;
/** After as many steps the deployment lets others go first: about 3 ms of work. */
const stepsBeforePause = 8_000;
const maxSteps = 4_000_000;
/** What reading, ordering and writing a resource costs besides. */
const stepsPerPart = 400;
/** What a write costs, and each character of its body. */
const stepsPerWrite = 1000;
const stepsPerCharacter = 0.5;
/** Characters of one text: Azure's limit for a text in a template is a quarter of it. */
const maxTextLength = 524_288;
/** Of a value, in characters of text: Azure's limit for a template with everything expanded. */
const maxValueSize = 4 * 1024 * 1024;
const maxValueDepth = 200;
/** Calls inside of each other. */
const maxCallDepth = 400;

interface Measured {
  readonly size: number;
  readonly depth: number;
}

const exceeded = (what: string, limit: number): ExpressionError =>
  new ExpressionError(`The template language expression evaluation exceeds the limit of '${limit}' ${what}`);

/** Shared by everything that one request evaluates, nested deployments included. */
export class EvaluationBudget {
  #steps = 0;
  /** Steps of evaluation since the last pause. */
  #stepsSincePause = 0;
  /** What parts and writes cost since the last pause, in steps; nothing is refused for it. */
  #partsSincePause = 0;
  #callDepth = 0;
  /** Resolves at the next turn of the event loop; undefined while no evaluation waits for it. */
  #turn: Promise<void> | undefined;
  /** Sizes of containers that were results: shared parts are measured once, however often they occur. */
  readonly #measured = new WeakMap<object, Measured>();

  /** Counts `steps`, each about 300 ns of work. Throws `ExpressionError`. */
  spend(steps: number): void {
    this.#steps += steps;
    this.#stepsSincePause += steps;
    if (this.#stepsSincePause > maxStepsWithoutPause) throw exceeded('steps', maxStepsWithoutPause);
    if (this.#steps > maxSteps) throw exceeded('steps', maxSteps);
  }

  /** Counts a search through, a comparison with or a copy of `value`. */
  spendOn(value: Json): void {
    this.spend(this.#measure(value, 0).size >> 5);
  }

  /** Refuses a text before it is made. */
  checkTextLength(length: number): void {
    if (length > maxTextLength) throw exceeded('characters', maxTextLength);
    this.spend(length >> 6);
  }

  /** Counts `value`, the result of a function, and refuses it when it is too large. */
  checkResult(value: Json): Json {
    if (typeof value === 'string') this.checkTextLength(value.length);
    else if (typeof value === 'object' && value !== null) this.#measure(value, 0);
    return value;
  }

  /** Begins a call inside of those that run already. */
  enter(): void {
    this.spend(1);
    if (this.#callDepth >= maxCallDepth) throw exceeded('calls inside of each other', maxCallDepth);
    this.#callDepth += 1;
  }

  /** Ends what `enter` began. */
  leave(): void {
    this.#callDepth -= 1;
  }

  /**
   * Does `write`, a write of `body` that is tried or made: lets everything else that waits go first, when it is time to.
   * Counts for when that is, but not against the limit of steps.
   */
  nextWrite<T>(body: Json, write: () => T | Promise<T>): Promise<T> {
    return this.#afterPause(stepsPerWrite + Math.ceil(JSON.stringify(body).length * stepsPerCharacter), write);
  }

  /** Does the next part, such as a resource: lets everything else that waits go first, when it is time to. */
  nextPart<T>(part: () => T | Promise<T>): Promise<T> {
    return this.#afterPause(stepsPerPart, () => {
      this.#steps += stepsPerPart;
      return part();
    });
  }

  /**
   * Many may wait at once: each goes on when those before it leave room for it in a turn of the loop. Work begins where that
   * is found, so that the next one sees what it has cost.
   */
  async #afterPause<T>(steps: number, work: () => T | Promise<T>): Promise<T> {
    while (this.#stepsSincePause + this.#partsSincePause > stepsBeforePause) {
      this.#turn ??= new Promise((resolve) => {
        setImmediate(() => {
          this.#stepsSincePause = 0;
          this.#partsSincePause = 0;
          this.#turn = undefined;
          resolve();
        });
      });
      await this.#turn;
    }
    this.#partsSincePause += steps;
    return work();
  }

  #measure(value: Json, depth: number): Measured {
    if (typeof value === 'string') return { size: value.length + 2, depth: 0 };
    if (typeof value !== 'object' || value === null) return { size: 4, depth: 0 };
    const known = this.#measured.get(value);
    if (known) return known;
    if (depth > maxValueDepth) throw exceeded('levels', maxValueDepth);
    let size = 2;
    let below = 0;
    const add = (inner: Json): void => {
      const part = this.#measure(inner, depth + 1);
      size += part.size + 1;
      below = Math.max(below, part.depth);
    };
    if (isObject(value)) {
      for (const key of Object.keys(value)) {
        size += key.length + 3;
        add(value[key] as Json);
      }
    } else for (const element of value) add(element);
    this.spend((isObject(value) ? Object.keys(value).length : value.length) >> 1);
    if (size > maxValueSize) throw exceeded('characters', maxValueSize);
    if (below >= maxValueDepth) throw exceeded('levels', maxValueDepth);
    const measured = { size, depth: below + 1 };
    this.#measured.set(value, measured);
    return measured;
  }
}
