/** Where in the text a value stood: kept beside the values, so that they stay plain JSON. */
import type { Json, JsonObject } from '../json.js';

/** A place in a text; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

interface Places {
  readonly self: Position;
  readonly members: Map<string, Position>;
}

const places = new WeakMap<object, Places>();

/** Notes where `container` begins. */
export function notePosition(container: Json[] | JsonObject, self: Position): void {
  places.set(container, { self, members: new Map() });
}

/** Notes where the value of `container[key]` begins. */
export function noteMemberPosition(container: Json[] | JsonObject, key: string | number, position: Position): void {
  places.get(container)?.members.set(String(key), position);
}

/** Where `container`, or its member `key`, begins; undefined for values that were never text. */
export function positionOf(container: Json | undefined, key?: string | number): Position | undefined {
  if (typeof container !== 'object' || container === null) return undefined;
  const known = places.get(container);
  return key === undefined ? known?.self : (known?.members.get(String(key)) ?? known?.self);
}

/** `position` counted from where `root` begins: a template inside a request is reported in lines of its own file. */
export function relativeTo(root: Json | undefined, position: Position | undefined): Position {
  const start = positionOf(root);
  if (!start || !position) return position ?? { line: 1, column: 1 };
  const line = position.line - start.line + 1;
  return line < 1 ? position : { line, column: line === 1 ? position.column - start.column + 1 : position.column };
}
