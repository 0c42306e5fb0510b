/** Patterns for request paths, as the journal's filter and injected faults are written. */

const wildcards = /\*\*|\*/g;

const literally = (text: string): string => text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');

/**
 * A test for paths, in any casing. `*` is anything within a segment, `**` anything at all; a pattern without either is
 * the start of a path, to the end of a segment.
 */
export function pathMatcher(pattern: string): (path: string) => boolean {
  const bare = pattern.length > 1 ? pattern.replace(/\/+$/, '') : pattern;
  const hasWildcard = bare.includes('*');
  const literals = bare.split(wildcards).map(literally);
  const found = [...bare.matchAll(wildcards)].map(([wildcard]) => (wildcard === '**' ? '.*' : '[^/]*'));
  const body = literals.map((literal, index) => literal + (found[index] ?? '')).join('');
  const end = hasWildcard ? '$' : bare.endsWith('/') ? '' : '(?:/|$)';
  const expression = new RegExp(`^${body}${end}`, 'i');
  return (path) => expression.test(path);
}
