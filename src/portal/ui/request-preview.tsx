/** The request that a form will send, as REST, `az` and Terraform, and the answer it got. */
import { makeStyles, Tab, TabList, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import type { Answer, PlannedRequest } from '../azure/http.js';
import { Code } from './parts.js';

const useStyles = makeStyles({ box: { marginTop: tokens.spacingVerticalM } });

export interface Ways {
  readonly request: PlannedRequest;
  /** The same with `az`; `az rest` when there is no command for it. */
  readonly az?: string;
  readonly terraform?: string;
}

export const restText = ({ method, url, headers, body }: PlannedRequest): string =>
  [
    `${method} ${url} HTTP/1.1`,
    ...Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined
      ? []
      : typeof body === 'string'
        ? ['content-type: application/xml', '', body]
        : ['content-type: application/json', '', JSON.stringify(body, null, 2)]),
  ].join('\n');

/** A text as one word of a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const azRest = ({ method, url, headers, body }: PlannedRequest): string =>
  [
    `az rest --method ${method.toLowerCase()} --url ${quoted(url)}`,
    ...Object.entries(headers ?? {}).map(([name, value]) => `--headers ${quoted(`${name}=${value}`)}`),
    ...(body === undefined
      ? []
      : [`--body ${quoted(typeof body === 'string' ? body : JSON.stringify(body, null, 2))}`]),
  ].join(' \\\n  ');

export function RequestPreview({ ways, answer }: { ways: Ways; answer?: Pick<Answer, 'status' | 'body'> | undefined }) {
  const styles = useStyles();
  const [tab, setTab] = useState('rest');
  const { request, az, terraform } = ways;
  return (
    <div className={styles.box}>
      <TabList
        size="small"
        selectedValue={tab}
        onTabSelect={(_, { value }) => setTab(String(value))}
        aria-label="Request"
      >
        <Tab value="rest">REST</Tab>
        <Tab value="az">az</Tab>
        {terraform !== undefined && <Tab value="terraform">Terraform</Tab>}
        {answer !== undefined && <Tab value="answer">Answer</Tab>}
      </TabList>
      {tab === 'rest' && <Code text={restText(request)} label="Request" />}
      {tab === 'az' && <Code text={az ?? azRest(request)} label="az command" />}
      {tab === 'terraform' && terraform !== undefined && <Code text={terraform} label="Terraform" />}
      {tab === 'answer' && answer !== undefined && (
        <Code text={`HTTP ${answer.status}\n\n${JSON.stringify(answer.body, null, 2)}`} label="Answer" />
      )}
    </div>
  );
}
