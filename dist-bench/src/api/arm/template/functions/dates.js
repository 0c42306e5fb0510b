import { define } from './function-call.js';
const months = 'January February March April May June July August September October November December'.split(' ');
const days = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
const two = (value) => String(value).padStart(2, '0');
/** .NET's one-letter formats, spelt out. */
const standardFormats = {
    d: 'M/d/yyyy',
    D: 'dddd, MMMM d, yyyy',
    f: 'dddd, MMMM d, yyyy h:mm tt',
    F: 'dddd, MMMM d, yyyy h:mm:ss tt',
    g: 'M/d/yyyy h:mm tt',
    G: 'M/d/yyyy h:mm:ss tt',
    m: 'MMMM d',
    M: 'MMMM d',
    o: "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'",
    O: "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'",
    r: "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    R: "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    s: "yyyy-MM-dd'T'HH:mm:ss",
    t: 'h:mm tt',
    T: 'h:mm:ss tt',
    u: "yyyy-MM-dd HH:mm:ss'Z'",
    y: 'MMMM yyyy',
    Y: 'MMMM yyyy',
};
const hour12 = (date) => date.getUTCHours() % 12 || 12;
const fields = {
    yyyy: (date) => String(date.getUTCFullYear()).padStart(4, '0'),
    yy: (date) => two(date.getUTCFullYear() % 100),
    MMMM: (date) => months[date.getUTCMonth()],
    MMM: (date) => months[date.getUTCMonth()].slice(0, 3),
    MM: (date) => two(date.getUTCMonth() + 1),
    M: (date) => String(date.getUTCMonth() + 1),
    dddd: (date) => days[date.getUTCDay()],
    ddd: (date) => days[date.getUTCDay()].slice(0, 3),
    dd: (date) => two(date.getUTCDate()),
    d: (date) => String(date.getUTCDate()),
    HH: (date) => two(date.getUTCHours()),
    H: (date) => String(date.getUTCHours()),
    hh: (date) => two(hour12(date)),
    h: (date) => String(hour12(date)),
    mm: (date) => two(date.getUTCMinutes()),
    m: (date) => String(date.getUTCMinutes()),
    ss: (date) => two(date.getUTCSeconds()),
    s: (date) => String(date.getUTCSeconds()),
    tt: (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
    zzz: () => '+00:00',
    K: () => 'Z',
};
const pattern = /'([^']*)'|"([^"]*)"|\\(.)|f{1,7}|yyyy|yy|M{1,4}|d{1,4}|HH?|hh?|mm?|ss?|tt|zzz|K/g;
/** `date` in a .NET format, standard or custom. */
export function formatDate(date, format) {
    return (standardFormats[format] ?? format).replace(pattern, (token, single, double, escaped) => {
        const literal = single ?? double ?? escaped;
        if (literal !== undefined)
            return literal;
        if (token.startsWith('f'))
            return `${String(date.getUTCMilliseconds()).padStart(3, '0')}0000`.slice(0, token.length);
        return fields[token]?.(date) ?? token;
    });
}
/** The instant that `text` names; undefined when it names none. Without a zone it is UTC. */
export function parseDate(text) {
    const compact = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
    const spelt = compact ? `${compact.slice(1, 4).join('-')}T${compact.slice(4, 7).join(':')}Z` : text.trim();
    const iso = /^\d{4}-\d\d-\d\d$/.test(spelt) ? spelt : spelt.replace(/^(\d{4}-\d\d-\d\d) /, '$1T');
    const zoned = /(Z|GMT|UTC|[-+]\d\d:?\d\d)$/i.test(iso) || /^\d{4}-\d\d-\d\d$/.test(iso)
        ? iso
        : `${iso}${/^\d{4}-/.test(iso) ? 'Z' : ' UTC'}`;
    const time = Date.parse(zoned);
    return Number.isNaN(time) ? undefined : new Date(time);
}
/** `date` moved by an ISO 8601 duration such as `P1Y2M`, `-PT30M`; undefined when it is no duration. */
export function addDuration(date, duration) {
    const match = /^(-)?P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(duration);
    if (!match)
        return undefined;
    const sign = match[1] ? -1 : 1;
    const [years = 0, month = 0, weeks = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = match
        .slice(2)
        .map((part) => sign * Number(part ?? 0));
    const moved = new Date(date);
    const wanted = moved.getUTCMonth() + month + 12 * years;
    moved.setUTCMonth(wanted);
    // The last day of a shorter month, as .NET's AddMonths has it.
    if (moved.getUTCMonth() !== ((wanted % 12) + 12) % 12)
        moved.setUTCDate(0);
    moved.setTime(moved.getTime() + ((weeks * 7 + day) * 86_400 + hours * 3600 + minutes * 60 + seconds) * 1000);
    return Number.isNaN(moved.getTime()) ? undefined : moved;
}
function dateAt(call, index) {
    const text = call.string(index);
    return (parseDate(text) ?? call.fail(`The template language function '${call.name}' was given '${text}', which is no date.`));
}
/** Values that change with every evaluation may only be a parameter's default. */
function onlyAsDefault(call) {
    if (call.context.place !== 'parameterDefault') {
        call.fail(`The template function '${call.name}' is not expected at this location. It can only be used in the default value of a parameter.`);
    }
}
function utcNow(call) {
    onlyAsDefault(call);
    const now = parseDate(call.context.environment.now()) ?? new Date(0);
    return formatDate(now, call.optionalString(0) ?? "yyyyMMdd'T'HHmmss'Z'");
}
function dateTimeAdd(call) {
    const duration = call.string(1);
    const date = addDuration(dateAt(call, 0), duration) ??
        call.fail(`The template language function 'dateTimeAdd' was given '${duration}', which is no ISO 8601 duration.`);
    return formatDate(date, call.optionalString(2) ?? 'G');
}
function dateTimeFromEpoch(call) {
    const date = new Date(call.integer(0) * 1000);
    return Number.isNaN(date.getTime())
        ? call.fail('The epoch time is out of range.')
        : formatDate(date, "yyyy-MM-dd'T'HH:mm:ss'Z'");
}
export const dateFunctions = [
    define('dateTimeAdd', [2, 3], dateTimeAdd),
    define('dateTimeFromEpoch', 1, dateTimeFromEpoch),
    define('dateTimeToEpoch', 1, (call) => Math.floor(dateAt(call, 0).getTime() / 1000)),
    define('newGuid', 0, (call) => {
        onlyAsDefault(call);
        return call.context.environment.newGuid();
    }),
    define('utcNow', [0, 1], utcNow),
];
//# sourceMappingURL=dates.js.map