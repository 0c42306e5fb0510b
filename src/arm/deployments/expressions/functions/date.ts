/** The date functions of template expressions; `utcNow` and `newGuid` only where Azure allows them. */
import type { Json } from '../../json.js';
import { addDuration, formatDate, parseDate } from '../date-time.js';
import { define, type FunctionCall, type FunctionDefinition } from '../function-call.js';

function dateAt(call: FunctionCall, index: number): Date {
  const text = call.string(index);
  return (
    parseDate(text) ?? call.fail(`The template language function '${call.name}' was given '${text}', which is no date.`)
  );
}

/** Values that change with every evaluation may only be a parameter's default. */
function onlyAsDefault(call: FunctionCall): void {
  if (call.context.place !== 'parameterDefault') {
    call.fail(
      `The template function '${call.name}' is not expected at this location. It can only be used in the default value of a parameter.`,
    );
  }
}

function utcNow(call: FunctionCall): Json {
  onlyAsDefault(call);
  const now = parseDate(call.context.surroundings.now()) ?? new Date(0);
  return formatDate(now, call.optionalString(0) ?? "yyyyMMdd'T'HHmmss'Z'");
}

function dateTimeAdd(call: FunctionCall): Json {
  const duration = call.string(1);
  const date =
    addDuration(dateAt(call, 0), duration) ??
    call.fail(`The template language function 'dateTimeAdd' was given '${duration}', which is no ISO 8601 duration.`);
  return formatDate(date, call.optionalString(2) ?? 'G');
}

function dateTimeFromEpoch(call: FunctionCall): Json {
  const date = new Date(call.integer(0) * 1000);
  return Number.isNaN(date.getTime())
    ? call.fail('The epoch time is out of range.')
    : formatDate(date, "yyyy-MM-dd'T'HH:mm:ss'Z'");
}

export const dateFunctions: readonly FunctionDefinition[] = [
  define('dateTimeAdd', [2, 3], dateTimeAdd),
  define('dateTimeFromEpoch', 1, dateTimeFromEpoch),
  define('dateTimeToEpoch', 1, (call) => Math.floor(dateAt(call, 0).getTime() / 1000)),
  define('newGuid', 0, (call) => {
    onlyAsDefault(call);
    return call.context.surroundings.newGuid();
  }),
  define('utcNow', [0, 1], utcNow),
];
