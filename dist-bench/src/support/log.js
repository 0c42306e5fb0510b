/** What Lazurite says on stderr: one line per event worth knowing, quiet otherwise. */
import { systemTime } from './clock.js';
const quote = (value) => /^[\w.:/@%?&=,+~*'()[\]-]+$/.test(String(value)) ? String(value) : JSON.stringify(String(value));
/** One line: time, level, message, and the fields as name=value. */
export function formatLogLine({ level, message, fields = {} }, nowMs) {
    const pairs = Object.entries(fields).flatMap(([name, value]) => value === undefined ? [] : [`${name}=${quote(value)}`]);
    const text = [message, ...pairs].join(' ').replace(/[\r\n]+/g, ' ');
    return `${new Date(nowMs).toISOString()} ${level} ${text}\n`;
}
const levels = ['debug', 'info', 'warn', 'error', 'none'];
/** A log that writes each line with `write`; `stderrLog` is the usual one. */
export function createLog(write, { now = systemTime.now, logLevel = 'info', logFormat = 'text' } = {}) {
    const line = (level, message, fields) => {
        if (levels.indexOf(level) < levels.indexOf(logLevel))
            return;
        if (logFormat === 'text')
            write(formatLogLine({ level, message, fields }, now()));
        else
            write(`${JSON.stringify({ ...fields, time: new Date(now()).toISOString(), level, message })}\n`);
    };
    return {
        info: (message, fields) => line('info', message, fields),
        warn: (message, fields) => line('warn', message, fields),
        error(message, fields, cause) {
            const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
            if (logFormat === 'json')
                return line('error', message, { ...fields, ...(cause !== undefined && { cause: text }) });
            line('error', message, fields);
            if (cause !== undefined && logLevel !== 'none')
                write(`${text}\n`);
        },
    };
}
/** The log of a process: on stderr, as its options say. */
export const createStderrLog = (style) => createLog((line) => process.stderr.write(line), style);
export const stderrLog = createLog((line) => process.stderr.write(line));
/** A log that says nothing, for tests. */
export const silentLog = createLog(() => { });
//# sourceMappingURL=log.js.map