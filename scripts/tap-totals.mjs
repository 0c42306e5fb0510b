// Prints `PASSED FAILED` out of the log of a tap run: its last summary line counts every assertion.
import { readFileSync } from 'node:fs';

const log = readFileSync(process.argv[2], 'utf8');
const summary = [...log.matchAll(/^# \{ (total: \d+[^}]*) \}$/gm)].at(-1)?.[1] ?? '';
const count = (name) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(summary)?.[1] ?? 0);
// Without a summary the run broke before it could count.
console.log(summary === '' ? '0 1' : `${count('pass')} ${count('fail')}`);
