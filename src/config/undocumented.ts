/**
 * What Azure's documentation leaves open, as choices with names: `--undocumented NAME=VALUE`. The first value of each is
 * the default, and what is known speaks for it.
 */

import { UsageError } from '../support/usage-error.js';
import type { Parse } from './config-values.js';

interface Choice {
  readonly question: string;
  /** Value → what it means; the first is the default. */
  readonly values: Readonly<Record<string, string>>;
}

export const undocumented = {
  'mode-switch': {
    question: 'What happens to established TCP flows when `loadDistribution` is switched?',
    values: { keep: 'They stay with their member; new ones follow the new mode.', reset: 'They are reset.' },
  },
  'member-removal': {
    question: 'What happens to established TCP flows when their member leaves the pool?',
    values: { keep: 'They go on until they end or fall idle.', reset: 'They are reset.' },
  },
  'rule-removal': {
    question: 'What happens to established TCP flows when their rule, frontend or load balancer is deleted?',
    values: {
      'tcp-reset': 'Forwarding stops: silently, or with resets where `enableTcpReset` was set.',
      reset: 'They are reset in any case.',
    },
  },
  'drain-period': {
    question: 'Does `drainPeriodInSeconds` of a pool do anything?',
    values: {
      reset:
        'When a member of a probed rule gets `adminState` Down or leaves, its TCP flows are reset that much later; coming back ends the period. Unset or 0, they stay.',
      ignore: 'It is stored and shown.',
    },
  },
  'single-member-down': {
    question:
      'All members of a pool that has one member are probed down: what do established TCP flows do under Standard?',
    values: { keep: 'They go on, as with more members.', end: 'They are reset, as under Basic.' },
  },
  'idle-timeout': {
    question: 'Idle timeouts of rule and of the frontend’s public IP address differ: which counts?',
    values: { rule: 'The rule’s.', frontend: 'The public IP address’s, where the frontend has one.' },
  },
  'half-open': {
    question: 'How long may a handshake take that the backend does not answer?',
    values: { '60s': '60 Azure seconds, or the idle timeout if that is shorter.', 'idle-timeout': 'The idle timeout.' },
  },
  'first-probe': {
    question: 'When is the first probe sent?',
    values: { 'at-once': 'As soon as the member is there.', 'after-interval': 'One interval later.' },
  },
  'first-success': {
    question: 'Does `probeThreshold` count before a member has ever been up?',
    values: { threshold: 'It does.', once: 'The first success brings it in.' },
  },
  'probe-redirect': {
    question: 'What does an HTTP probe make of a redirect?',
    values: { fail: 'Any status other than 200 is a failure.', follow: 'It goes there, if it is the same backend.' },
  },
  'probe-user-agent': {
    question: 'Which `User-Agent` do HTTP probes send?',
    values: { none: 'None.', 'load-balancer-agent': '`Load Balancer Agent`, as people remember it.' },
  },
  'acl-deny': {
    question: 'What does a TCP client see that an endpoint’s ACL denies?',
    values: { silence: 'No answer.', reset: 'A reset.' },
  },
} as const satisfies Record<string, Choice>;

type Table = typeof undocumented;

/** One value for each question. */
export type Choices = { readonly [Name in keyof Table]: keyof Table[Name]['values'] };

const names = Object.keys(undocumented) as (keyof Table)[];
const valuesOf = (name: keyof Table): string[] => Object.keys(undocumented[name].values);

/** The defaults. */
export const defaultChoices = Object.freeze(
  Object.fromEntries(names.map((name) => [name, valuesOf(name)[0]])),
) as Choices;

/** Reads `NAME=VALUE` texts; what is not named keeps its default. Without a text, it is `defaultChoices` itself. */
export const choices: Parse<Choices> = (written) => {
  const named = written.filter((one) => one !== '');
  if (named.length === 0) return defaultChoices;
  const chosen: Record<string, string> = { ...defaultChoices };
  for (const text of named) {
    const [name = '', value = ''] = text.split('=');
    if (!(name in undocumented)) {
      throw new UsageError(`knows ${names.join(', ')}, not '${name}'`);
    }
    const values = valuesOf(name as keyof Table);
    if (!values.includes(value)) throw new UsageError(`${name} must be ${values.join(' or ')}, not '${value}'`);
    chosen[name] = value;
  }
  return chosen as Choices;
};

/** The Markdown table of docs/differences-from-azure.md. */
export function choicesTable(): string {
  const rows = names.map((name) => {
    const { question, values } = undocumented[name];
    const answers = Object.entries(values).map(([value, meaning]) => `\`${value}\`: ${meaning}`);
    return `| \`${name}\` | ${question} | ${answers.join('<br>')} |`;
  });
  return ['| name | question | values; the first is the default |', '| --- | --- | --- |', ...rows].join('\n');
}
