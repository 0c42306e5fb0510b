/** Composite formatting as `format()` knows it: `{0}`, `{1,8}`, `{0:D3}`, and `{{` for a brace. */
import type { Json } from '../json.js';
import { plainText } from './functions/array.js';

const maxWidth = 1024;

/** `pattern` with its places filled in; `fail` is told why that is not possible. */
export function formatText(pattern: string, values: readonly Json[], fail: (reason: string) => never): string {
  return pattern.replace(
    /\{\{|\}\}|\{(\d+)(?:,\s*(-?\d+))?(?::([^{}]*))?\}|[{}]/g,
    (whole, index, width, specifier) => {
      if (whole === '{{' || whole === '}}') return whole.charAt(0);
      if (index === undefined)
        return fail(`Unable to evaluate template language function 'format': the format is invalid: '${pattern}'.`);
      const value = values[Number(index)];
      if (value === undefined) {
        return fail(
          `Unable to evaluate template language function 'format': the format references parameter '${index}' but only '${values.length}' were given.`,
        );
      }
      const text = specifier && typeof value === 'number' ? formatNumber(value, specifier) : plainText(value);
      const columns = Math.max(-maxWidth, Math.min(maxWidth, Number(width ?? 0)));
      return columns < 0 ? text.padEnd(-columns) : text.padStart(columns);
    },
  );
}

const grouped = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ',');

/** A number by .NET's standard specifiers (D, X, N, F) or a picture such as `000`. */
function formatNumber(value: number, specifier: string): string {
  const [, kind = '', precision] = /^([A-Za-z])(\d{0,2})$/.exec(specifier) ?? [];
  const digits = precision ? Number(precision) : undefined;
  const sign = value < 0 ? '-' : '';
  const size = Math.abs(value);
  if (/d/i.test(kind)) return sign + String(size).padStart(digits ?? 0, '0');
  if (/x/i.test(kind)) {
    const hex = size.toString(16).padStart(digits ?? 0, '0');
    return kind === 'X' ? hex.toUpperCase() : hex;
  }
  if (/f/i.test(kind)) return sign + size.toFixed(digits ?? 2);
  if (/n/i.test(kind)) {
    const [whole = '', fraction] = size.toFixed(digits ?? 2).split('.');
    return sign + grouped(whole) + (fraction === undefined ? '' : `.${fraction}`);
  }
  return /^0+$/.test(specifier) ? sign + String(size).padStart(specifier.length, '0') : String(value);
}
