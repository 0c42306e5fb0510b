/** Deployments: the list, and one with its operations, outputs and errors. */
import { Button, MessageBar, MessageBarBody, Text } from '@fluentui/react-components';
import { Add20Regular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { listAll } from '../azure/arm.js';
import { type AzureErrorBody, getJson } from '../azure/http.js';
import { groups } from '../azure/queries.js';
import { useOpened } from '../ui/address.js';
import { DataTable } from '../ui/data-table.js';
import { Empty, formatTime, Loaded, Page } from '../ui/page.js';
import { HealthWordLine, Json, PageLink, Properties, RefreshButton, ResourceLink } from '../ui/parts.js';
import { DeployForm, deploymentsVersion } from './deploy-form.js';
import { sampleTemplate } from './sample-template.js';

interface Deployment {
  readonly id: string;
  readonly name: string;
  readonly properties: {
    readonly provisioningState: string;
    readonly timestamp: string;
    readonly duration?: string;
    readonly outputs?: unknown;
    readonly error?: AzureErrorBody;
  };
}

interface Operation {
  readonly operationId: string;
  readonly properties: {
    readonly provisioningState: string;
    readonly provisioningOperation?: string;
    readonly duration?: string;
    readonly statusCode?: string;
    readonly targetResource?: { readonly id: string; readonly resourceType: string };
    readonly statusMessage?: { readonly error?: AzureErrorBody };
  };
}

async function allDeployments(): Promise<Deployment[]> {
  const lists = (await groups()).map(({ id }) =>
    listAll<Deployment>(`${id}/providers/Microsoft.Resources/deployments?api-version=${deploymentsVersion}`),
  );
  return (await Promise.all(lists)).flat();
}

/** `PT1M2.5S` as `1 m 2.5 s`. */
const readDuration = (iso: string | undefined): string | undefined =>
  iso
    ?.replace(/^P(?:(\d+)D)?T?/, (_, days) => (days ? `${days} d ` : ''))
    .replace(/([\d.]+)([HMS])/g, (_, amount, unit) => `${amount} ${unit.toLowerCase()} `)
    .trim();

const State = ({ state }: { state: string }) => (
  <HealthWordLine word={state === 'Succeeded' ? 'Healthy' : state === 'Failed' ? 'Unhealthy' : 'Unknown'}>
    {state}
  </HealthWordLine>
);

function ErrorTree({ error }: { error: AzureErrorBody }) {
  return (
    <ul style={{ margin: 0, paddingInlineStart: 20, overflowWrap: 'anywhere' }}>
      <li>
        <strong>{error.code}</strong>: {error.message}
        {error.target && <> (target: {error.target})</>}
        {(error.details ?? []).map((detail) => (
          <ErrorTree key={`${detail.code}${detail.message}`} error={detail} />
        ))}
      </li>
    </ul>
  );
}

function One({ id }: { id: string }) {
  const query = useQuery({
    queryKey: ['deployments', id],
    queryFn: () => getJson<Deployment>(`${id}?api-version=${deploymentsVersion}`),
    refetchInterval: ({ state }) =>
      /^(Accepted|Running)$/.test(state.data?.properties.provisioningState ?? '') ? 500 : false,
  });
  const operations = useQuery({
    queryKey: ['deployments', id, 'operations', query.data?.properties.provisioningState],
    queryFn: () => listAll<Operation>(`${id}/operations?api-version=${deploymentsVersion}`),
  });
  return (
    <Page
      title={id.split('/').at(-1) ?? ''}
      kind="Deployment"
      crumbs={[
        { text: 'Home', href: '/' },
        { text: 'Deployments', href: '/deployments' },
      ]}
    >
      <Loaded query={query}>
        {({ properties }) => (
          <>
            <Properties
              items={[
                ['State', <State key="state" state={properties.provisioningState} />],
                ['Last modified', formatTime(properties.timestamp)],
                ['Duration', readDuration(properties.duration)],
              ]}
            />
            {properties.error && (
              <MessageBar intent="error" layout="multiline">
                <MessageBarBody>
                  <ErrorTree error={properties.error} />
                </MessageBarBody>
              </MessageBar>
            )}
            <Text as="h2" weight="semibold" block style={{ margin: '16px 0 8px' }}>
              Operations
            </Text>
            <Loaded query={operations}>
              {(rows) => (
                <DataTable
                  label="Operations"
                  rows={rows.filter(({ properties: p }) => p.targetResource)}
                  rowKey={({ operationId }) => operationId}
                  columns={[
                    {
                      name: 'Resource',
                      text: (one) => one.properties.targetResource?.id ?? '',
                      show: (one) => <ResourceLink id={one.properties.targetResource?.id} />,
                    },
                    { name: 'Type', text: (one) => one.properties.targetResource?.resourceType ?? '' },
                    {
                      name: 'State',
                      text: (one) => one.properties.provisioningState,
                      show: (one) => <State state={one.properties.provisioningState} />,
                    },
                    { name: 'Status', text: (one) => one.properties.statusCode ?? '' },
                    { name: 'Error', text: (one) => one.properties.statusMessage?.error?.code ?? '' },
                  ]}
                  empty={<Empty title="No operations" />}
                />
              )}
            </Loaded>
            <Text as="h2" weight="semibold" block style={{ margin: '16px 0 8px' }}>
              Outputs
            </Text>
            {properties.outputs ? <Json value={properties.outputs} label="Outputs" /> : <Text>None</Text>}
          </>
        )}
      </Loaded>
    </Page>
  );
}

export default function Deployments() {
  const [path] = useLocation();
  const id = decodeURI(path.replace(/^\/deployments/, ''));
  const query = useQuery({ queryKey: ['deployments'], queryFn: allDeployments });
  // `?deploy=open` shows the form, `?deploy=sample` with a template in it.
  const { opened, open, close } = useOpened('deploy');
  const deploying = opened !== undefined;
  if (id.length > 1) return <One id={id} />;
  return (
    <Page
      title="Deployments"
      crumbs={[{ text: 'Home', href: '/' }]}
      commands={
        <>
          <Button
            appearance="subtle"
            icon={<Add20Regular />}
            onClick={() => (deploying ? close() : open('open'))}
            aria-expanded={deploying}
          >
            Deploy a custom template
          </Button>
          <RefreshButton />
        </>
      }
    >
      {deploying && <DeployForm start={opened === 'sample' ? JSON.stringify(sampleTemplate, null, 2) : ''} />}
      <Loaded query={query}>
        {(rows) => (
          <DataTable
            label="Deployments"
            rows={rows}
            rowKey={(one) => one.id}
            columns={[
              {
                name: 'Name',
                text: ({ name }) => name,
                show: (one) => <PageLink href={`/deployments${one.id}`}>{one.name}</PageLink>,
              },
              { name: 'Resource group', text: ({ id: one }) => one.split('/')[4] ?? '' },
              {
                name: 'State',
                text: ({ properties }) => properties.provisioningState,
                show: ({ properties }) => <State state={properties.provisioningState} />,
              },
              {
                name: 'Last modified',
                text: ({ properties }) => properties.timestamp,
                show: ({ properties }) => formatTime(properties.timestamp),
              },
            ]}
            empty={
              deploying ? null : (
                <Empty
                  title="No deployments to display"
                  action={<Button onClick={() => open('open')}>Deploy a custom template</Button>}
                />
              )
            }
          />
        )}
      </Loaded>
    </Page>
  );
}
