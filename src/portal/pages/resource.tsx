/** One resource of any type: properties, JSON by api-version, references in and out, tags, activity, delete. */
import { Button, Tab, TabList } from '@fluentui/react-components';
import { Delete20Regular, Tag20Regular } from '@fluentui/react-icons';
import { useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { type ArmResource, readId, sameId } from '../azure/arm.js';
import { useResource } from '../azure/queries.js';
import { DataTable } from '../ui/data-table.js';
import { DeleteDialog } from '../ui/delete-dialog.js';
import { EditPanel } from '../ui/edit-panel.js';
import { Fields } from '../ui/fields.js';
import { Empty, Loaded, Page } from '../ui/page.js';
import { ResourceLink } from '../ui/parts.js';
import { ActivityLog } from './activity-log.js';
import { PropertiesPage } from './resource-pages.js';

interface Found {
  readonly path: string;
  readonly id: string;
}

/** Every id that a document names, with the path at which it stands. Its own parts are not references. */
function referencesIn(value: unknown, own: string, path = ''): Found[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => referencesIn(item, own, `${path}[${index}]`));
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const at = path === '' ? name : `${path}.${name}`;
    if (name === 'id' && typeof member === 'string') {
      const isOwn = member.toLowerCase().startsWith(own.toLowerCase());
      return isOwn || !member.startsWith('/subscriptions/') ? [] : [{ path: path || name, id: member }];
    }
    return referencesIn(member, own, at);
  });
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

export default function ResourcePage() {
  const [path, navigate] = useLocation();
  const id = decodeURI(path.replace(/^\/resource/, ''));
  const query = useResource<ArmResource>(id);
  const { name, type } = readId(id);
  const tab = new URLSearchParams(useSearch()).get('tab') ?? 'properties';
  const [deleting, setDeleting] = useState(false);
  const [tags, setTags] = useState<string>();
  return (
    <Page
      title={name}
      kind={type}
      crumbs={[
        { text: 'Home', href: '/' },
        { text: 'Neighbours', href: '/neighbours' },
      ]}
      commands={
        <>
          <Button
            appearance="subtle"
            icon={<Tag20Regular />}
            disabled={!query.data}
            onClick={() => setTags(tagsText(query.data?.tags))}
          >
            Tags
          </Button>
          <Button appearance="subtle" icon={<Delete20Regular />} onClick={() => setDeleting(true)}>
            Delete
          </Button>
        </>
      }
    >
      <TabList
        selectedValue={tab}
        onTabSelect={(_, { value }) => navigate(`${path}?tab=${String(value)}`)}
        style={{ marginBottom: 12 }}
      >
        <Tab value="properties">Properties</Tab>
        <Tab value="references">References</Tab>
        <Tab value="activity">Activity log</Tab>
      </TabList>
      <Loaded query={query}>
        {(resource) => (
          <>
            {tab === 'properties' && <PropertiesPage resource={resource} />}
            {tab === 'references' && (
              <DataTable
                label="References"
                rows={referencesIn(resource, resource.id).filter((one) => !sameId(one.id, resource.id))}
                rowKey={(one) => `${one.path}${one.id}`}
                columns={[
                  { name: 'Member', text: (one) => one.path },
                  {
                    name: 'Refers to',
                    text: (one) => readId(one.id).name,
                    show: (one) => <ResourceLink id={one.id} />,
                  },
                  { name: 'Type', text: (one) => readId(one.id).type },
                ]}
                empty={<Empty title="No references">Nothing refers to this resource, and it refers to nothing.</Empty>}
              />
            )}
            {tab === 'activity' && <ActivityLog id={id} />}
            {tags !== undefined && (
              <EditPanel
                title={`Tags of ${resource.name}`}
                resource={resource}
                build={(base) => ({ ...base, tags: tagsOf(tags) })}
                az={`az tag update --resource-id ${resource.id} --operation Replace --tags ${tags.replaceAll(',', ' ')}`}
                onClose={() => setTags(undefined)}
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
                      } as never,
                    ]}
                    value={tags}
                    onChange={setTags}
                    error={error}
                  />
                )}
              </EditPanel>
            )}
          </>
        )}
      </Loaded>
      {deleting && (
        <DeleteDialog id={id} onClose={() => setDeleting(false)} onDeleted={() => navigate('/neighbours')} />
      )}
    </Page>
  );
}
