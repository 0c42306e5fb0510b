/** What the lenient reader throws, and nothing else: why a text is no JSON, and where. */
import type { Position } from './positions.js';

export class JsonReadError extends Error {
  override readonly name = 'JsonReadError';
  readonly position: Position;
  /** The member path of the value being read, as in `resources[0].name`. */
  readonly path: string;

  constructor(reason: string, position: Position, path: string) {
    super(`${reason} Path '${path}', line ${position.line}, position ${position.column}.`);
    this.position = position;
    this.path = path;
  }
}
