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
  const line = (level: LogStyle['logLevel'], message: string, fields?: LogFields): void => {
    if (levels.indexOf(level) < levels.indexOf(logLevel)) return;
    if (logFormat === 'text') write(formatLogLine({ level, message, fields }, now()));
    else write(`${JSON.stringify({ ...fields, time: new Date(now()).toISOString(), level, message })}\n`);
  };
  return {
    info: (message, fields) => line('info', message, fields),
    warn: (message, fields) => line('warn', message, fields),
    error(message, fields, cause) {
      const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
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
