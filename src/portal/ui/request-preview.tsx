/** The requests that a form will send, as REST, as commands of other tools, and what they were answered. */
import { makeStyles, Tab, TabList, tokens } from '@fluentui/react-components';
import { memo, useDeferredValue } from 'react';
import type { PlannedRequest } from '../azure/http.js';
import { useParameter } from './address.js';
import { Code } from './parts.js';
import type { Answered } from './sending.js';

const useStyles = makeStyles({ box: { marginTop: tokens.spacingVerticalM, minWidth: 0 } });

/** Texts by the name of their tab, made when the tab is shown: `az`, `Terraform`, `PowerShell`, `lazurite`. */
export type OtherWays = Readonly<Record<string, (() => string) | undefined>>;

const isXml = ({ body }: PlannedRequest): boolean => typeof body === 'string' && body.startsWith('<');
const bodyText = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body, null, 2));

const restText = (request: PlannedRequest): string =>
  [
    `${request.method} ${request.url} HTTP/1.1`,
    ...Object.entries(request.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
    ...(request.body === undefined || request.headers?.['content-type']
      ? []
      : [`content-type: application/${isXml(request) ? 'xml' : 'json'}`]),
    ...(request.body === undefined ? [] : ['', bodyText(request.body)]),
  ].join('\n');

/** A text as one word of a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const azRest = ({ method, url, headers, body }: PlannedRequest): string =>
  [
    `az rest --method ${method.toLowerCase()} --url ${quoted(url)}`,
    ...Object.entries(headers ?? {}).map(([name, value]) => `--headers ${quoted(`${name}=${value}`)}`),
    ...(body === undefined ? [] : [`--body ${quoted(bodyText(body))}`]),
  ].join(' \\\n  ');

const curl = ({ method, url, headers, body }: PlannedRequest): string =>
  [
    `curl -X ${method} ${quoted(location.origin + url)}`,
    ...Object.entries({
      ...(body === undefined || typeof body === 'string' ? {} : { 'content-type': 'application/json' }),
      ...headers,
    }).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`-d ${quoted(bodyText(body))}`]),
  ].join(' \\\n  ');

const answerText = ({ request, status, body }: Answered): string =>
  [`${request.method} ${request.url}`, `HTTP ${status}`, '', body === '' ? '' : bodyText(body)].join('\n').trimEnd();

const separated = (texts: readonly string[]): string => texts.join('\n\n');

interface Shown {
  readonly requests: readonly PlannedRequest[];
  readonly ways?: OtherWays;
  readonly answers?: readonly Answered[];
  /** Of what, where a page has several. */
  readonly of?: string;
}

/** `az rest` is for Azure Resource Manager, `curl` for the other APIs. */
const commonWay = (requests: readonly PlannedRequest[]): OtherWays =>
  requests.every(({ url }) => url.startsWith('/subscriptions/'))
    ? { az: () => separated(requests.map(azRest)) }
    : { curl: () => separated(requests.map(curl)) };

const Contents = memo(function Contents({ requests, ways = {}, answers = [], of }: Shown) {
  const styles = useStyles();
  const [chosen, choose] = useParameter('as');
  const texts: OtherWays = {
    REST: () => separated(requests.map(restText)),
    ...commonWay(requests),
    ...ways,
    ...(answers.length > 0 ? { Answer: () => separated(answers.map(answerText)) } : {}),
  };
  const named = (what: string): string => (of === undefined ? what : `${what} of ${of}`);
  const names = Object.keys(texts).filter((name) => texts[name] !== undefined);
  const shown = names.find((name) => name === chosen) ?? 'REST';
  return (
    <div className={styles.box}>
      <TabList
        size="small"
        selectedValue={shown}
        onTabSelect={(_, { value }) => choose(value === 'REST' ? undefined : String(value))}
        aria-label={named('Request')}
        style={{ flexWrap: 'wrap' }}
      >
        {names.map((name) => (
          <Tab key={name} value={name}>
            {name === 'Answer' ? `Answer (${answers.map(({ status }) => status).join(', ')})` : name}
          </Tab>
        ))}
      </TabList>
      <Code text={texts[shown]?.() ?? ''} label={named(shown === 'REST' ? 'Request' : shown)} />
    </div>
  );
});

/** Drawn after the form itself: a keystroke does not wait for a long request. */
export function RequestPreview(props: Shown) {
  return <Contents {...useDeferredValue(props)} />;
}
