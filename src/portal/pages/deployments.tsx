/** Deployments: the list, one with its operations, outputs and errors, and the form that deploys a template or shows what it would do. */
import { Button, Dropdown, Field, Input, makeStyles, Option, Text, Textarea, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { listAll, subscriptions } from '../azure/arm.js';
import { type AzureErrorBody, getJson, send } from '../azure/http.js';
import { queryClient } from '../azure/queries.js';
import { DataTable } from '../ui/data-table.js';
import { Empty, ErrorBar, formatTime, Loaded, Page } from '../ui/page.js';
import { HealthWordLine, Json, PageLink, Properties, ResourceLink } from '../ui/parts.js';
import { RequestPreview } from '../ui/request-preview.js';

const version = '2022-09-01';

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

interface Change {
  readonly resourceId: string;
  readonly changeType: string;
  readonly delta?: readonly { path: string; propertyChangeType: string; before?: unknown; after?: unknown }[];
}

const useStyles = makeStyles({
  form: { display: 'grid', gap: tokens.spacingVerticalM, maxWidth: '900px' },
  two: { display: 'grid', gridTemplateColumns: 'repeat(auto-fit, minmax(220px, 1fr))', gap: tokens.spacingHorizontalM },
  diff: {
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    whiteSpace: 'pre-wrap',
    margin: '8px 0',
    overflowWrap: 'anywhere',
  },
});

async function groups(): Promise<{ id: string; name: string }[]> {
  const lists = (await subscriptions()).map(({ subscriptionId }) =>
    listAll<{ id: string; name: string }>(`/subscriptions/${subscriptionId}/resourcegroups?api-version=2021-04-01`),
  );
  return (await Promise.all(lists)).flat();
}

async function allDeployments(): Promise<Deployment[]> {
  const lists = (await groups()).map(({ id }) =>
    listAll<Deployment>(`${id}/providers/Microsoft.Resources/deployments?api-version=${version}`),
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
    queryFn: () => getJson<Deployment>(`${id}?api-version=${version}`),
    refetchInterval: ({ state }) =>
      /^(Accepted|Running)$/.test(state.data?.properties.provisioningState ?? '') ? 500 : false,
  });
  const operations = useQuery({
    queryKey: ['deployments', id, 'operations', query.data?.properties.provisioningState],
    queryFn: () => listAll<Operation>(`${id}/operations?api-version=${version}`),
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
            {properties.error && <ErrorTree error={properties.error} />}
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

/** Azure's signs in front of a what-if change. */
const signs: Readonly<Record<string, readonly [string, string]>> = {
  Create: ['+', tokens.colorPaletteGreenForeground1],
  Delete: ['-', tokens.colorPaletteRedForeground1],
  Modify: ['~', tokens.colorPaletteMarigoldForeground1],
  NoChange: ['=', tokens.colorNeutralForeground3],
  Ignore: ['*', tokens.colorNeutralForeground3],
  Deploy: ['!', tokens.colorBrandForeground1],
};

function WhatIf({ changes }: { changes: readonly Change[] }) {
  const styles = useStyles();
  return (
    <section className={styles.diff} aria-label="What-if">
      {changes.map(({ resourceId, changeType, delta }) => {
        const [sign, color] = signs[changeType] ?? ['?', 'inherit'];
        return (
          <div key={resourceId} style={{ color }}>
            {sign} {resourceId} [{changeType}]
            {(delta ?? []).map(
              ({ path, before, after }) => `\n    ~ ${path}: ${JSON.stringify(before)} => ${JSON.stringify(after)}`,
            )}
          </div>
        );
      })}
    </section>
  );
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${name} is not JSON: ${(error as Error).message}`);
  }
}

/** A parameter file has its parameters one level deeper than a request. */
function parametersOf(text: string): unknown {
  if (text.trim() === '') return {};
  const value = parsed(text, 'The parameters') as { parameters?: unknown };
  return value.parameters ?? value;
}

function Deploy() {
  const styles = useStyles();
  const [, navigate] = useLocation();
  const list = useQuery({ queryKey: ['list', 'groups'], queryFn: groups });
  const subscriptionList = useQuery({ queryKey: ['subscriptions'], queryFn: subscriptions });
  const [group, setGroup] = useState('');
  const [name, setName] = useState('portal-deployment');
  const [template, setTemplate] = useState('');
  const [parameters, setParameters] = useState('');
  const [changes, setChanges] = useState<readonly Change[]>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const subscriptionId = subscriptionList.data?.[0]?.subscriptionId ?? '';
  const known = list.data?.find((one) => one.name.toLowerCase() === group.toLowerCase());
  const groupId = known?.id ?? `/subscriptions/${subscriptionId}/resourceGroups/${group || 'portal'}`;
  const id = `${groupId}/providers/Microsoft.Resources/deployments/${name}`;
  const body = () => ({
    properties: {
      mode: 'Incremental',
      template: parsed(template, 'The template'),
      parameters: parametersOf(parameters),
    },
  });
  async function run(work: () => Promise<void>): Promise<void> {
    setBusy(true);
    setError(undefined);
    setChanges(undefined);
    try {
      if (!known) {
        await send({ method: 'PUT', url: `${groupId}?api-version=2021-04-01`, body: { location: 'westeurope' } });
        await queryClient.invalidateQueries({ queryKey: ['list'] });
      }
      await work();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }
  const whatIf = () =>
    run(async () => {
      const {
        headers,
        status,
        body: first,
      } = await send<{ properties?: { changes: Change[] } }>({
        method: 'POST',
        url: `${id}/whatIf?api-version=${version}`,
        body: body(),
      });
      let answer = first;
      const location = headers.get('location');
      for (let current = status; current === 202 && location; ) {
        const next = await send<{ properties?: { changes: Change[] } }>({
          method: 'GET',
          url: new URL(location).pathname + new URL(location).search,
        });
        current = next.status;
        answer = next.body;
        if (current === 202) await new Promise((resolve) => setTimeout(resolve, 300));
      }
      const result = answer as { properties?: { changes: Change[] }; error?: AzureErrorBody };
      if (result.error) throw new Error(`${result.error.code}: ${result.error.message}`);
      setChanges(result.properties?.changes ?? []);
    });
  const deploy = () =>
    run(async () => {
      await send({ method: 'PUT', url: `${id}?api-version=${version}`, body: body() });
      await queryClient.invalidateQueries({ queryKey: ['deployments'] });
      navigate(`/deployments${id}`);
    });
  const read = async (files: FileList | null): Promise<void> => {
    if (files?.[0]) setTemplate(await files[0].text());
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: files may be dropped anywhere on the form
    <div
      className={styles.form}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        void read(event.dataTransfer.files);
      }}
    >
      {error !== undefined && <ErrorBar error={error} />}
      <div className={styles.two}>
        <Field label="Resource group" hint="A new one is created in West Europe" required>
          <Input value={group} onChange={(_, { value }) => setGroup(value)} list="groups" placeholder="portal" />
        </Field>
        <datalist id="groups">
          {(list.data ?? []).map((one) => (
            <option key={one.id} value={one.name} />
          ))}
        </datalist>
        <Field label="Deployment name" required>
          <Input value={name} onChange={(_, { value }) => setName(value)} />
        </Field>
        <Field label="Mode">
          <Dropdown value="Incremental" selectedOptions={['Incremental']}>
            <Option>Incremental</Option>
          </Dropdown>
        </Field>
      </div>
      <Field label="Template (ARM JSON; paste it, choose a file or drop one here)" required>
        <Textarea value={template} rows={12} onChange={(_, { value }) => setTemplate(value)} spellCheck={false} />
      </Field>
      <input
        type="file"
        accept=".json,.jsonc"
        aria-label="Template file"
        onChange={(event) => void read(event.target.files)}
      />
      <Field label="Parameters (JSON, may be left empty)">
        <Textarea value={parameters} rows={4} onChange={(_, { value }) => setParameters(value)} spellCheck={false} />
      </Field>
      <div>
        <Button appearance="primary" disabled={busy || template.trim() === ''} onClick={() => void deploy()}>
          Deploy
        </Button>{' '}
        <Button disabled={busy || template.trim() === ''} onClick={() => void whatIf()}>
          What-if
        </Button>
      </div>
      {changes && (changes.length === 0 ? <Text>No changes.</Text> : <WhatIf changes={changes} />)}
      <RequestPreview
        ways={{
          request: {
            method: 'PUT',
            url: `${id}?api-version=${version}`,
            body: { properties: { mode: 'Incremental', template: '…', parameters: '…' } },
          },
          az: `az deployment group create -g ${group || 'portal'} -n ${name} --template-file template.json`,
        }}
      />
    </div>
  );
}

export default function Deployments() {
  const [path] = useLocation();
  const id = decodeURI(path.replace(/^\/deployments/, ''));
  const query = useQuery({ queryKey: ['deployments'], queryFn: allDeployments });
  const [deploying, setDeploying] = useState(false);
  if (id.length > 1) return <One id={id} />;
  return (
    <Page
      title="Deployments"
      crumbs={[{ text: 'Home', href: '/' }]}
      commands={
        <Button appearance="subtle" onClick={() => setDeploying(!deploying)} aria-expanded={deploying}>
          Deploy a custom template
        </Button>
      }
    >
      {deploying && <Deploy />}
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
                  action={<Button onClick={() => setDeploying(true)}>Deploy a custom template</Button>}
                />
              )
            }
          />
        )}
      </Loaded>
    </Page>
  );
}
