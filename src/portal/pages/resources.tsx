/** Neighbours: everything that stands beside load balancers, of whatever type. */
import { useQuery } from '@tanstack/react-query';
import { type ArmResource, listAll, readId, resourcesVersion } from '../azure/arm.js';
import { inAllSubscriptions } from '../azure/queries.js';
import { DataTable } from '../ui/data-table.js';
import { Empty, Loaded, Page } from '../ui/page.js';
import { RefreshButton, ResourceLink } from '../ui/parts.js';

const everyResource = (): Promise<ArmResource[]> =>
  inAllSubscriptions((id) => listAll<ArmResource>(`/subscriptions/${id}/resources?api-version=${resourcesVersion}`));

export default function Resources() {
  const query = useQuery({ queryKey: ['list', 'resources'], queryFn: everyResource });
  return (
    <Page title="Neighbours" crumbs={[{ text: 'Home', href: '/' }]} commands={<RefreshButton />}>
      <Loaded query={query}>
        {(rows) => (
          <DataTable
            label="Resources"
            rows={rows}
            rowKey={({ id }) => id}
            columns={[
              { name: 'Name', text: ({ name }) => name, show: ({ id }) => <ResourceLink id={id} /> },
              { name: 'Type', text: ({ type }) => type },
              { name: 'Resource group', text: ({ id }) => readId(id).resourceGroup },
              { name: 'Location', text: ({ location }) => location ?? '' },
            ]}
            empty={
              <Empty title="No resources to display">
                Virtual networks, public IP addresses, network interfaces and others appear here.
              </Empty>
            }
          />
        )}
      </Loaded>
    </Page>
  );
}
