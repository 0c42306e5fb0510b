/** What Lazurite says on stderr: one line per event worth knowing, quiet otherwise. */
import { systemTime } from './clock.js';

/** Values that go with an event, each printed as name=value. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  /** `cause` is printed with its stack: what happened is a fault of Lazurite's. */
  error(message: string, fields?: LogFields, cause?: unknown): void;
}

/** What a text names of a list. */
const namedOfList = 20;

/** `a, b, c`; of a long list the first 20 and how many more there are. */
export function shortList(names: readonly string[]): string {
  const further = names.length - namedOfList;
  return names.slice(0, namedOfList).join(', ') + (further > 0 ? ` and ${further} more` : '');
}

/** Characters of a message or of a value: a URL or an error may be as long as a client likes. */
const longestText = 4000;

const bounded = (text: string): string =>
  text.length > longestText ? `${text.slice(0, longestText)}… (${text.length - longestText} more characters)` : text;

const boundedFields = (fields: LogFields): LogFields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? bounded(value) : value]),
  );

const quote = (value: string | number | boolean): string =>
  /^[\w.:/@%?&=,+~*'()[\]-]+$/.test(String(value)) ? String(value) : JSON.stringify(String(value));

/** One line: time, level, message, and the fields as name=value. */
export function formatLogLine(
  { level, message, fields = {} }: { level: string; message: string; fields?: LogFields | undefined },
  nowMs: number,
): string {
  const pairs = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${quote(value)}`],
  );
  const text = [message, ...pairs].join(' ').replace(/[\r\n]+/g, ' ');
  return `${new Date(nowMs).toISOString()} ${level} ${text}\n`;
}

const levels = ['debug', 'info', 'warn', 'error', 'none'] as const;

export interface LogStyle {
  /** The least that is written. */
  readonly logLevel: (typeof levels)[number];
  /** `json`: one object per line, with `time`, `level`, `message` and the fields. */
  readonly logFormat: 'text' | 'json';
}

/** A log that writes each line with `write`; `stderrLog` is the usual one. */
export function createLog(
  write: (line: string) => void,
  { now = systemTime.now, logLevel = 'info', logFormat = 'text' }: Partial<LogStyle> & { now?: () => number } = {},
): Log {
  const line = (level: LogStyle['logLevel'], message: string, fields: LogFields = {}): void => {
    if (levels.indexOf(level) < levels.indexOf(logLevel)) return;
    const event = { level, message: bounded(message), fields: boundedFields(fields) };
    if (logFormat === 'text') write(formatLogLine(event, now()));
    else
      write(
        `${JSON.stringify({ ...event.fields, time: new Date(now()).toISOString(), level, message: event.message })}\n`,
      );
  };
  return {
    info: (message, fields) => line('info', message, fields),
    warn: (message, fields) => line('warn', message, fields),
    error(message, fields, cause) {
      const text = bounded(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
      if (logFormat === 'json')
        return line('error', message, { ...fields, ...(cause !== undefined && { cause: text }) });
      line('error', message, fields);
      if (cause !== undefined && logLevel !== 'none') write(`${text}\n`);
    },
  };
}

/** The log of a process: on stderr, as its options say. */
export const createStderrLog = (style: LogStyle): Log => createLog((line) => process.stderr.write(line), style);

export const stderrLog: Log = createLog((line) => process.stderr.write(line));

/** A log that says nothing, for tests. */
export const silentLog: Log = createLog(() => {});
