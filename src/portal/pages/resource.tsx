/** One resource of any type: properties, JSON by api-version, references in and out, tags, activity, delete. */
import { Button, Tab, TabList } from '@fluentui/react-components';
import { Delete20Regular, Tag20Regular } from '@fluentui/react-icons';
import { useLocation, useSearch } from 'wouter';
import { type ArmResource, readId } from '../azure/arm.js';
import { useResource } from '../azure/queries.js';
import { setParameters, useOpened } from '../ui/address.js';
import { DeleteDialog } from '../ui/delete-dialog.js';
import { Loaded, Page } from '../ui/page.js';
import { ActivityLog } from './activity-log.js';
import { References } from './references.js';
import { PropertiesPage, TagsPanel } from './resource-pages.js';

export default function ResourcePage() {
  const [path, navigate] = useLocation();
  const id = decodeURI(path.replace(/^\/resource/, ''));
  const query = useResource<ArmResource>(id);
  const { name, type } = readId(id);
  const tab = new URLSearchParams(useSearch()).get('tab') ?? 'properties';
  const panel = useOpened('panel');
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
          <Button appearance="subtle" icon={<Tag20Regular />} disabled={!query.data} onClick={() => panel.open('tags')}>
            Tags
          </Button>
          <Button appearance="subtle" icon={<Delete20Regular />} onClick={() => panel.open('delete')}>
            Delete
          </Button>
        </>
      }
    >
      <TabList
        selectedValue={tab}
        onTabSelect={(_, { value }) => setParameters({ tab: String(value) }, { push: true })}
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
            {tab === 'references' && <References resource={resource} />}
            {tab === 'activity' && <ActivityLog id={id} />}
            {panel.opened === 'tags' && <TagsPanel resource={resource} onClose={panel.close} />}
          </>
        )}
      </Loaded>
      {panel.opened === 'delete' && (
        <DeleteDialog id={id} onClose={panel.close} onDeleted={() => navigate('/neighbours')} />
      )}
    </Page>
  );
}
