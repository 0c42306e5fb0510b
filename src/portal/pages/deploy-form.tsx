/** The form that deploys a template, or shows what it would do. */
import {
  Button,
  Dropdown,
  Field,
  Input,
  makeStyles,
  Option,
  Spinner,
  Text,
  Textarea,
  tokens,
} from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { Fragment, useState } from 'react';
import { useLocation } from 'wouter';
import { listAll } from '../azure/arm.js';
import { type AzureErrorBody, send } from '../azure/http.js';
import { inAllSubscriptions, queryClient, useSubscriptions } from '../azure/queries.js';
import { ErrorBar } from '../ui/page.js';
import { RequestPreview } from '../ui/request-preview.js';

/** The api-version of deployments. */
export const deploymentsVersion = '2022-09-01';

interface PropertyChange {
  readonly path: string;
  readonly propertyChangeType: string;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly children?: readonly PropertyChange[] | null;
}

interface Change {
  readonly resourceId: string;
  readonly changeType: string;
  readonly delta?: readonly PropertyChange[] | null;
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

/** Resource groups of all subscriptions. */
export const groups = (): Promise<{ id: string; name: string }[]> =>
  inAllSubscriptions((id) => listAll(`/subscriptions/${id}/resourcegroups?api-version=2021-04-01`));

/** Azure's signs in front of a what-if change. */
const signs: Readonly<Record<string, readonly [string, string]>> = {
  Create: ['+', tokens.colorPaletteGreenForeground1],
  Delete: ['-', tokens.colorPaletteRedForeground1],
  Modify: ['~', tokens.colorPaletteMarigoldForeground1],
  NoChange: ['=', tokens.colorNeutralForeground3],
  Ignore: ['*', tokens.colorNeutralForeground3],
  Deploy: ['!', tokens.colorBrandForeground1],
  Array: ['~', tokens.colorPaletteMarigoldForeground1],
  NoEffect: ['x', tokens.colorNeutralForeground3],
};

const signOf = (changeType: string) => signs[changeType] ?? (['?', 'inherit'] as const);

/** The values of a property: both of a change, the only one of what is made or removed. */
function valuesOf({ propertyChangeType, before, after }: PropertyChange): string {
  if (propertyChangeType === 'Create' || propertyChangeType === 'NoEffect') return JSON.stringify(after);
  if (propertyChangeType === 'Delete') return JSON.stringify(before);
  return `${JSON.stringify(before)} => ${JSON.stringify(after)}`;
}

/** The changes of properties below a resource, each in the colour of its kind; parts of a value stand below it. */
function Delta({ delta, depth = 1 }: { delta: readonly PropertyChange[]; depth?: number }) {
  return delta.map((change) => {
    const [sign, color] = signOf(change.propertyChangeType);
    const children = change.children ?? [];
    return (
      <Fragment key={change.path}>
        <div style={{ color, paddingInlineStart: `${depth * 2}em` }}>
          {sign} {change.path}: {children.length === 0 && valuesOf(change)}
        </div>
        <Delta delta={children} depth={depth + 1} />
      </Fragment>
    );
  });
}

function WhatIf({ changes }: { changes: readonly Change[] }) {
  const styles = useStyles();
  return (
    <section className={styles.diff} aria-label="What-if">
      {changes.map(({ resourceId, changeType, delta }) => {
        const [sign, color] = signOf(changeType);
        return (
          <Fragment key={resourceId}>
            <div style={{ color }}>
              {sign} {resourceId} [{changeType}]
            </div>
            <Delta delta={delta ?? []} />
          </Fragment>
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

/** The form; `start` is the template that it begins with. */
export function DeployForm({ start }: { start: string }) {
  const styles = useStyles();
  const [, navigate] = useLocation();
  const list = useQuery({ queryKey: ['list', 'groups'], queryFn: groups });
  const subscriptionList = useSubscriptions();
  const [group, setGroup] = useState('');
  const [name, setName] = useState('portal-deployment');
  const [mode, setMode] = useState('Incremental');
  const [template, setTemplate] = useState(start);
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
      mode,
      template: parsed(template, 'The template'),
      parameters: parametersOf(parameters),
    },
  });
  /** The body as it will be sent; while a text is not JSON yet, the text. */
  const preview = () => {
    try {
      return body();
    } catch {
      return { properties: { mode, template, parameters } };
    }
  };
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
        url: `${id}/whatIf?api-version=${deploymentsVersion}`,
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
      await send({ method: 'PUT', url: `${id}?api-version=${deploymentsVersion}`, body: body() });
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
          <Dropdown
            value={mode}
            selectedOptions={[mode]}
            onOptionSelect={(_, { optionValue }) => setMode(optionValue ?? mode)}
          >
            <Option>Incremental</Option>
            <Option>Complete</Option>
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
        {busy && (
          <Spinner size="tiny" label="Azure works on it…" style={{ display: 'inline-flex', marginInlineStart: 12 }} />
        )}
      </div>
      {changes && (changes.length === 0 ? <Text>No changes.</Text> : <WhatIf changes={changes} />)}
      <RequestPreview
        ways={{
          request: {
            method: 'PUT',
            url: `${id}?api-version=${deploymentsVersion}`,
            body: preview(),
          },
          az: `az deployment group create -g ${group || 'portal'} -n ${name} --mode ${mode} --template-file template.json${parameters.trim() === '' ? '' : ' --parameters @parameters.json'}`,
        }}
      />
    </div>
  );
}
