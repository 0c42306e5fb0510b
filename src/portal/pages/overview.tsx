/** Overview of a load balancer: Essentials, and what carries traffic now. */
import { type LoadBalancer, nameOf, readId } from '../azure/arm.js';
import { healthOf } from '../azure/health.js';
import { useBackends, useFrontends, useSubscriptions } from '../azure/queries.js';
import { DataTable } from '../ui/data-table.js';
import { Empty } from '../ui/page.js';
import { CopyText, Health, PageLink, Properties } from '../ui/parts.js';
import { persistenceOf } from './collections.js';

/** "2 rules", "1 rule". */
const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

export function Overview({ lb }: { lb: LoadBalancer }) {
  const backends = useBackends();
  const frontends = useFrontends();
  const subscriptions = useSubscriptions();
  const { resourceGroup, subscriptionId } = readId(lb.id);
  const p = lb.properties;
  const ours = (frontends.data ?? []).filter(({ rule }) => rule.toLowerCase().startsWith(`${lb.id.toLowerCase()}/`));
  const addresses = [...new Set(ours.map(({ azureAddress }) => azureAddress))];
  const link = (page: string, text: string) => <PageLink href={`/load-balancer${lb.id}/${page}`}>{text}</PageLink>;
  const [rule] = p.loadBalancingRules;
  return (
    <>
      <Properties
        items={[
          ['Resource group', resourceGroup],
          ['Location', lb.location],
          ['Subscription', subscriptions.data?.find((one) => one.subscriptionId === subscriptionId)?.displayName],
          ['Subscription ID', <CopyText key="subscription" text={subscriptionId} label="Subscription ID" />],
          ['SKU', lb.sku?.name ?? 'Basic'],
          ['Tier', lb.sku?.tier ?? 'Regional'],
          [
            'Frontend IP address',
            addresses.join(', ') || link('frontends', counted(p.frontendIPConfigurations.length, 'configuration')),
          ],
          ['Provisioning state', p.provisioningState],
          ['Backend pool', link('backend-pools', counted(p.backendAddressPools.length, 'pool'))],
          [
            'Load balancing rule',
            link(
              'rules',
              p.loadBalancingRules.length === 1 && rule
                ? `${rule.name} (${rule.properties.protocol.toUpperCase()}/${rule.properties.frontendPort})`
                : counted(p.loadBalancingRules.length, 'rule'),
            ),
          ],
          [
            'Health probe',
            link('probes', p.probes.length === 1 ? (p.probes[0]?.name ?? '') : counted(p.probes.length, 'probe')),
          ],
          ['Inbound NAT rules', link('nat-rules', counted(p.inboundNatRules.length, 'rule'))],
          ['Health', <Health key="health" count={healthOf(lb, backends.data ?? [])} />],
          [
            'Tags',
            Object.entries(lb.tags ?? {})
              .map(([name, value]) => `${name}: ${value}`)
              .join(', ') || '-',
          ],
        ]}
      />
      <DataTable
        label="Frontends that answer here"
        rows={ours}
        rowKey={({ rule: id, azureAddress, port, transport }) => `${id}${azureAddress}${port}${transport}`}
        filterable={ours.length > 10}
        columns={[
          {
            name: 'Frontend',
            text: ({ azureAddress, port, transport }) =>
              `${transport.toUpperCase()} ${azureAddress}:${port || 'all ports'}`,
          },
          {
            name: 'Reached at',
            text: ({ boundAddress, boundPort, state, reason }) =>
              boundAddress ? `${boundAddress}:${boundPort ?? '*'}` : (reason ?? state),
          },
          { name: 'State', text: ({ state }) => state },
          { name: 'Rule', text: ({ rule: id }) => nameOf({ id }) },
          {
            name: 'Session persistence',
            text: ({ rule: id }) => {
              const found = p.loadBalancingRules.find(({ name }) => name === nameOf({ id }));
              return found ? persistenceOf(found.properties) : '-';
            },
          },
        ]}
        empty={
          <Empty title="No frontend carries traffic yet">
            Add a frontend, a backend pool and a load balancing rule.
          </Empty>
        }
      />
    </>
  );
}
