/** The list of load balancers over all subscriptions and resource groups. */
import { Button } from '@fluentui/react-components';
import { Add20Regular } from '@fluentui/react-icons';
import { useLocation } from 'wouter';
import { type LoadBalancer, readId } from '../azure/arm.js';
import { healthOf, wordFor } from '../azure/health.js';
import { useBackends, useLoadBalancers } from '../azure/queries.js';
import { type Column, DataTable } from '../ui/data-table.js';
import { Empty, Loaded, Page } from '../ui/page.js';
import { Health, RefreshButton, ResourceLink } from '../ui/parts.js';

export default function LoadBalancers() {
  const [, navigate] = useLocation();
  const list = useLoadBalancers();
  const backends = useBackends();
  const columns: Column<LoadBalancer>[] = [
    { name: 'Name', text: ({ name }) => name, show: ({ id }) => <ResourceLink id={id} /> },
    { name: 'Resource group', text: ({ id }) => readId(id).resourceGroup },
    { name: 'Location', text: ({ location }) => location ?? '' },
    { name: 'SKU', text: ({ sku }) => sku?.name ?? 'Basic' },
    { name: 'Frontends', text: ({ properties }) => properties.frontendIPConfigurations.length },
    { name: 'Rules', text: ({ properties }) => properties.loadBalancingRules.length },
    {
      name: 'Health',
      text: (one) => wordFor(healthOf(one, backends.data ?? [])),
      show: (one) => <Health count={healthOf(one, backends.data ?? [])} />,
    },
  ];
  return (
    <Page
      title="Load balancers"
      crumbs={[{ text: 'Home', href: '/' }]}
      commands={
        <>
          <Button appearance="subtle" icon={<Add20Regular />} onClick={() => navigate('/create')}>
            Create
          </Button>
          <RefreshButton />
        </>
      }
    >
      <Loaded query={list}>
        {(rows) => (
          <DataTable
            label="Load balancers"
            rows={rows}
            columns={columns}
            rowKey={({ id }) => id}
            empty={
              <Empty
                title="No load balancers to display"
                action={
                  <Button appearance="primary" onClick={() => navigate('/create')}>
                    Create load balancer
                  </Button>
                }
              >
                Create one here, or point the tool that you already have at this server. Home shows the commands for it.
              </Empty>
            }
          />
        )}
      </Loaded>
    </Page>
  );
}
