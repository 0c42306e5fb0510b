/** Properties, Tags, Export template and Resource health: pages that are the same for many resources. */
import { Button, Dropdown, Field, makeStyles, Option, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { type ArmResource, type LoadBalancer, readId, versionFor } from '../azure/arm.js';
import { healthOf, wordFor } from '../azure/health.js';
import { send } from '../azure/http.js';
import { useBackends } from '../azure/queries.js';
import { useParameter } from '../ui/address.js';
import { useDraft } from '../ui/draft.js';
import { EditPanel } from '../ui/edit-panel.js';
import { type FieldSpec, Fields } from '../ui/fields.js';
import { Loaded } from '../ui/page.js';
import { Code, CopyText, Health, Json, Properties } from '../ui/parts.js';

const useStyles = makeStyles({
  bar: {
    display: 'flex',
    gap: tokens.spacingHorizontalM,
    alignItems: 'end',
    marginBottom: tokens.spacingVerticalM,
    flexWrap: 'wrap',
  },
});

/** Api-versions at which a resource is worth looking at. */
const versions = [
  '2024-05-01',
  '2024-01-01',
  '2023-09-01',
  '2022-07-01',
  '2020-11-01',
  '2018-11-01',
  '2016-09-01',
  '2015-06-15',
];

export function PropertiesPage({ resource }: { resource: ArmResource<unknown> }) {
  const styles = useStyles();
  const newest = versionFor(resource.id);
  const [version = newest, setVersion] = useParameter('api-version');
  const query = useQuery({
    queryKey: ['resource', resource.id, version, 'json'],
    queryFn: async () => (await send({ method: 'GET', url: `${resource.id}?api-version=${version}` })).body,
  });
  const { resourceGroup, subscriptionId, type } = readId(resource.id);
  return (
    <>
      <Properties
        columns={1}
        items={[
          ['Name', resource.name],
          ['Type', type],
          ['Resource ID', <CopyText key="id" text={resource.id} label="Resource ID" />],
          ['Resource group', resourceGroup],
          ['Subscription ID', <CopyText key="subscription" text={subscriptionId} label="Subscription ID" />],
          ['Location', resource.location],
          ['Etag', <CopyText key="etag" text={resource.etag} label="Etag" />],
        ]}
      />
      <div className={styles.bar}>
        <Field label="API version">
          <Dropdown
            value={version}
            selectedOptions={[version]}
            onOptionSelect={(_, { optionValue }) => setVersion(optionValue)}
          >
            {[...new Set([newest, ...versions])].map((one) => (
              <Option key={one} value={one}>
                {one}
              </Option>
            ))}
          </Dropdown>
        </Field>
      </div>
      <Loaded query={query}>{(value) => <Json value={value} label="Resource JSON" />}</Loaded>
    </>
  );
}

export function ExportTemplate({ resource }: { resource: ArmResource<unknown> }) {
  const { subscriptionId, resourceGroup } = readId(resource.id);
  const url = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/exportTemplate?api-version=2021-04-01`;
  const query = useQuery({
    queryKey: ['resource', resource.id, 'export'],
    queryFn: async () =>
      (
        await send<{ template: unknown }>({
          method: 'POST',
          url,
          body: { resources: [resource.id], options: 'SkipAllParameterization' },
        })
      ).body,
  });
  const download = (text: string): void => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
    link.download = `${resource.name}.json`;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <Loaded query={query}>
      {({ template }) => {
        const text = JSON.stringify(template, null, 2);
        return (
          <>
            <Button onClick={() => download(text)} style={{ marginBottom: 12 }}>
              Download
            </Button>
            <Code text={text} label="Template" />
          </>
        );
      }}
    </Loaded>
  );
}

const meaning = {
  Healthy: 'All backend instances answer their health probes.',
  Degraded: 'Some backend instances do not answer their health probes. New flows go to the others.',
  Unhealthy: 'No backend instance answers its health probes. New flows are not served.',
  Unknown: 'No rule has members with a health probe.',
} as const;

export function ResourceHealth({ lb }: { lb: LoadBalancer }) {
  const query = useBackends();
  return (
    <Loaded query={query}>
      {(backends) => {
        const count = healthOf(lb, backends);
        return (
          <Properties
            columns={1}
            items={[
              ['Current status', <Health key="status" count={count} />],
              ['What it means', meaning[wordFor(count)]],
            ]}
          />
        );
      }}
    </Loaded>
  );
}

const tagsText = (tags: ArmResource['tags']): string =>
  Object.entries(tags ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
const tagsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split(',')
      .map((pair) => pair.trim())
      .filter(Boolean)
      .map((pair) => {
        const [name = '', ...rest] = pair.split('=');
        return [name.trim(), rest.join('=').trim()];
      }),
  );

export function TagsPanel({ resource, onClose }: { resource: ArmResource<unknown>; onClose: () => void }) {
  const draft = useDraft(`${resource.id}/tags`, { tags: tagsText(resource.tags), etag: resource.etag });
  const { tags, etag } = draft.value;
  return (
    <EditPanel
      title={`Tags of ${resource.name}`}
      resource={resource}
      since={etag}
      build={(base) => ({ ...base, tags: tagsOf(tags) })}
      ways={{
        az: () => `az tag update --resource-id ${resource.id} --operation Replace --tags ${tags.replaceAll(',', ' ')}`,
      }}
      onClose={() => {
        draft.clear();
        onClose();
      }}
    >
      {(error) => (
        <Fields
          specs={[
            {
              label: 'Tags',
              member: 'tags',
              kind: 'text',
              hint: 'name=value, separated by commas',
              get: (text: string) => text,
              set: (_: string, input: string) => input,
            } as FieldSpec<string>,
          ]}
          value={tags}
          onChange={(next) => draft.set({ tags: next, etag })}
          error={error}
        />
      )}
    </EditPanel>
  );
}
