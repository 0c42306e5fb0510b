/** `lazurite clock [DURATION]`: Azure's time in a running emulator; moves it forward when asked to. */
import type { ClockView } from '../api/admin/clock-routes.js';
import { UsageError } from '../support/usage-error.js';
import { ask, readOptions, tell } from './ask.js';
import type { Command } from './command.js';
import { runningHelp } from './running.js';

const secondsPer: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90`, `90s`, `4m`, `1h30m`: seconds. */
export function readSeconds(text: string): number {
  const whole = /^\d+(?:\.\d+)?$/.test(text) ? `${text}s` : text;
  if (!/^(?:\d+(?:\.\d+)?[smhd])+$/.test(whole))
    throw new UsageError(`clock wants a duration like 90, 4m or 1h30m, not '${text}'`);
  let seconds = 0;
  for (const [, amount, unit = 's'] of whole.matchAll(/([\d.]+)([smhd])/g)) {
    seconds += Number(amount) * (secondsPer[unit] ?? 1);
  }
  return seconds;
}

const line = ({ now, timeScale, advancedSeconds }: ClockView): string =>
  `${now} (time scale ${timeScale}, moved forward by ${advancedSeconds} s so far)`;

export const clock: Command = {
  usage: 'clock [DURATION] [--json] [OPTION…]',
  summary: "Prints Azure's time in a running emulator; with a duration (90, 4m, 1h30m) moves it forward first.",
  details: () =>
    `Probes, idle timeouts, drains and running operations see the time pass.\n\n${runningHelp}\n  --json        print what the admin API answers`,
  async run(argv, { env, print }) {
    const asked = readOptions(argv, { env, flags: {} });
    const [text, ...more] = asked.positionals;
    if (more.length > 0) throw new UsageError('clock wants one duration at most');
    const answer = await ask<ClockView>(
      asked.running,
      text === undefined
        ? { path: 'clock' }
        : { method: 'POST', path: 'clock', body: { advanceSeconds: readSeconds(text) } },
    );
    tell(answer, { print, asked, show: line });
    return 0;
  },
};
