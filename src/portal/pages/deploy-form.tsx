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
import { Fragment, useState } from 'react';
import { useLocation } from 'wouter';
import { write } from '../azure/arm.js';
import { type AzureErrorBody, type PlannedRequest, RequestError, send as sendOnce } from '../azure/http.js';
import { useGroups, useSubscriptions } from '../azure/queries.js';
import { useDraft } from '../ui/draft.js';
import { messageFor, refusalOf } from '../ui/fields.js';
import { ErrorBar } from '../ui/page.js';
import { FileButton } from '../ui/parts.js';
import { RequestPreview } from '../ui/request-preview.js';
import { useSending } from '../ui/sending.js';

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
  two: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(220px, 1fr))',
    gap: tokens.spacingHorizontalM,
    alignItems: 'start',
  },
  diff: {
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    whiteSpace: 'pre-wrap',
    margin: '8px 0',
    overflowWrap: 'anywhere',
  },
});

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
    throw new Error(`${name} ${name.endsWith('s') ? 'are' : 'is'} not JSON: ${(error as Error).message}`);
  }
}

/** A parameter file has its parameters one level deeper than a request. */
function parametersOf(text: string): unknown {
  if (text.trim() === '') return {};
  const value = parsed(text, 'The parameters') as { parameters?: unknown };
  return value.parameters ?? value;
}

/** The form is refused as a whole, or a text of it is. */
const isAboutParameters = (message: string): boolean => /template parameters? '|The parameters are not/.test(message);

function templateProblem(error: unknown): string | undefined {
  if (!(error instanceof Error) || isAboutParameters(error.message)) return undefined;
  const isTemplate =
    error instanceof RequestError ? error.error.code === 'InvalidTemplate' : /^The template/.test(error.message);
  return isTemplate ? error.message : undefined;
}

const parametersProblem = (error: unknown): string | undefined =>
  error instanceof Error && isAboutParameters(error.message) ? error.message : undefined;

interface Draft {
  readonly group: string;
  readonly name: string;
  readonly mode: string;
  readonly template: string;
  readonly parameters: string;
}

const emptyDraft: Draft = {
  group: '',
  name: 'portal-deployment',
  mode: 'Incremental',
  template: '',
  parameters: '',
};

interface WhatIfResult {
  readonly properties?: { readonly changes: readonly Change[] };
  readonly error?: AzureErrorBody;
}

/** The form; `start` is the template that it begins with. */
export function DeployForm({ start }: { start: string }) {
  const styles = useStyles();
  const [, navigate] = useLocation();
  const list = useGroups();
  const subscriptionList = useSubscriptions();
  const draft = useDraft<Draft>(start === '' ? 'deploy' : 'deploy sample', { ...emptyDraft, template: start });
  const { group, name, mode, template, parameters } = draft.value;
  const set = (change: Partial<Draft>): void => draft.set({ ...draft.value, ...change });
  const { busy, error, answers, send, fail } = useSending();
  const [shown, setShown] = useState<'deploy' | 'whatIf'>('deploy');
  const subscriptionId = subscriptionList.data?.[0]?.subscriptionId ?? '';
  const known = list.data?.find((one) => one.name.toLowerCase() === group.toLowerCase());
  const groupId = known?.id ?? `/subscriptions/${subscriptionId}/resourceGroups/${group || 'portal'}`;
  const id = `${groupId}/providers/Microsoft.Resources/deployments/${name}`;
  /** The body of both requests. Throws when a text is not JSON. */
  const body = () => ({
    properties: { mode, template: parsed(template, 'The template'), parameters: parametersOf(parameters) },
  });
  /** What is sent; while a text is not JSON yet, it stands in the place of its value. */
  const planned = (what: typeof shown, content: unknown): PlannedRequest[] => [
    ...(known ? [] : [{ method: 'PUT', url: `${groupId}?api-version=2021-04-01`, body: { location: 'westeurope' } }]),
    what === 'deploy'
      ? { method: 'PUT', url: `${id}?api-version=${deploymentsVersion}`, body: content }
      : { method: 'POST', url: `${id}/whatIf?api-version=${deploymentsVersion}`, body: content },
  ];
  const preview = (): unknown => {
    try {
      return body();
    } catch {
      return { properties: { mode, template, parameters } };
    }
  };
  async function run(what: typeof shown): Promise<void> {
    setShown(what);
    try {
      const title = what === 'deploy' ? `Deploy ${name}` : undefined;
      // A deployment is followed on its own page.
      const done = await send(title, planned(what, body()), what === 'deploy' ? sendOnce : write);
      if (done && what === 'deploy') {
        draft.clear();
        navigate(`/deployments${id}`);
      }
    } catch (failure) {
      fail(failure);
    }
  }
  const last = answers.at(-1);
  const whatIf =
    error === undefined && last?.request.url.includes('/whatIf?') ? (last.body as WhatIfResult) : undefined;
  const changes = whatIf?.properties?.changes;
  const refused = error ?? (last && whatIf?.error && new RequestError(last.status, whatIf.error, last.request));
  const read = async (file: File | undefined): Promise<void> => {
    if (file) set({ template: await file.text() });
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: files may be dropped anywhere on the form
    <div
      className={styles.form}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        void read(event.dataTransfer.files[0]);
      }}
    >
      {refused !== undefined && <ErrorBar error={refused} />}
      <div className={styles.two}>
        <Field
          label="Resource group"
          hint="A new one is created in West Europe"
          required
          {...refusalOf(messageFor(error, { name: group || 'portal' }))}
        >
          <Input value={group} onChange={(_, { value }) => set({ group: value })} list="groups" placeholder="portal" />
        </Field>
        <datalist id="groups">
          {(list.data ?? []).map((one) => (
            <option key={one.id} value={one.name} />
          ))}
        </datalist>
        <Field label="Deployment name" required {...refusalOf(messageFor(error, { name }))}>
          <Input value={name} onChange={(_, { value }) => set({ name: value })} />
        </Field>
        <Field label="Mode" {...refusalOf(messageFor(error, { member: 'mode' }))}>
          <Dropdown
            style={{ minWidth: 0 }}
            value={mode}
            selectedOptions={[mode]}
            onOptionSelect={(_, { optionValue }) => set({ mode: optionValue ?? mode })}
          >
            <Option>Incremental</Option>
            <Option>Complete</Option>
          </Dropdown>
        </Field>
      </div>
      <Field
        label="Template (ARM JSON; paste it, choose a file or drop one here)"
        required
        {...refusalOf(templateProblem(error))}
      >
        <Textarea value={template} rows={12} onChange={(_, { value }) => set({ template: value })} spellCheck={false} />
      </Field>
      <div>
        <FileButton label="Template file" accept=".json,.jsonc" onFile={(given) => void read(given)}>
          Load file
        </FileButton>
      </div>
      <Field label="Parameters (JSON, may be left empty)" {...refusalOf(parametersProblem(error))}>
        <Textarea
          value={parameters}
          rows={4}
          onChange={(_, { value }) => set({ parameters: value })}
          spellCheck={false}
        />
      </Field>
      <div>
        <Button appearance="primary" disabled={busy || template.trim() === ''} onClick={() => void run('deploy')}>
          Deploy
        </Button>{' '}
        <Button disabled={busy || template.trim() === ''} onClick={() => void run('whatIf')}>
          What-if
        </Button>
        {busy && (
          <Spinner size="tiny" label="Azure works on it…" style={{ display: 'inline-flex', marginInlineStart: 12 }} />
        )}
      </div>
      {changes && (changes.length === 0 ? <Text>No changes.</Text> : <WhatIf changes={changes} />)}
      <RequestPreview
        requests={planned(shown, preview())}
        ways={{
          az: () =>
            `az deployment group ${shown === 'deploy' ? 'create' : 'what-if'} -g ${group || 'portal'} -n ${name} --mode ${mode} --template-file template.json${parameters.trim() === '' ? '' : ' --parameters @parameters.json'}`,
          Terraform: () =>
            [
              `resource "azurerm_resource_group_template_deployment" "${name.replaceAll(/\W/g, '_')}" {`,
              `  name                = ${JSON.stringify(name)}`,
              `  resource_group_name = ${JSON.stringify(group || 'portal')}`,
              `  deployment_mode     = ${JSON.stringify(mode)}`,
              '  template_content    = file("template.json")',
              ...(parameters.trim() === '' ? [] : ['  parameters_content  = file("parameters.json")']),
              '}',
            ].join('\n'),
        }}
        answers={answers}
      />
    </div>
  );
}
