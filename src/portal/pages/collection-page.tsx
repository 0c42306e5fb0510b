/** The list of one kind of part of a load balancer, with the panel that adds and edits one. */
import { Button } from '@fluentui/react-components';
import { Add20Regular, Delete16Regular, Edit16Regular } from '@fluentui/react-icons';
import { useState } from 'react';
import type {
  Child,
  Collection,
  FrontendIPConfiguration,
  InboundNatRule,
  LoadBalancer,
  LoadBalancingRule,
  OutboundRule,
  Probe,
} from '../azure/arm.js';
import { nameOf, sameId } from '../azure/arm.js';
import { backendsOfRule, countOf, wordFor } from '../azure/health.js';
import { useBackends, useEverywhere, useFrontends } from '../azure/queries.js';
import { type Column, DataTable } from '../ui/data-table.js';
import { EditPanel } from '../ui/edit-panel.js';
import { type FieldSpec, Fields } from '../ui/fields.js';
import { CommandBar, Empty } from '../ui/page.js';
import { Health, PageLink, ResourceLink } from '../ui/parts.js';
import {
  fresh,
  frontendFields,
  natRuleFields,
  outboundRuleFields,
  persistenceOf,
  probeFields,
  ruleFields,
  usersOf,
  withChild,
  withoutChild,
} from './collections.js';
import { azFor, terraformFor } from './other-tools.js';
import { RuleHealth } from './rule-health.js';

type Editable = Exclude<Collection, 'backendAddressPools'>;
type AnyChild = Child<never>;

interface Kind {
  readonly one: string;
  readonly many: string;
  readonly empty: string;
  readonly fields: (lb: LoadBalancer, isNew: boolean) => FieldSpec<AnyChild>[];
}

const kinds: Readonly<Record<Editable, Kind>> = {
  frontendIPConfigurations: {
    one: 'frontend IP configuration',
    many: 'Frontend IP configuration',
    empty: 'A frontend is the address at which clients reach the load balancer.',
    fields: frontendFields as unknown as Kind['fields'],
  },
  probes: {
    one: 'health probe',
    many: 'Health probes',
    empty: 'A probe asks each member whether it may have new flows. Without one, members always count as healthy.',
    fields: probeFields as unknown as Kind['fields'],
  },
  loadBalancingRules: {
    one: 'load balancing rule',
    many: 'Load balancing rules',
    empty: 'A rule sends what arrives at a frontend and port to the members of a backend pool.',
    fields: ruleFields as unknown as Kind['fields'],
  },
  inboundNatRules: {
    one: 'inbound NAT rule',
    many: 'Inbound NAT rules',
    empty: 'A NAT rule sends one port of a frontend to one virtual machine.',
    fields: natRuleFields as unknown as Kind['fields'],
  },
  outboundRules: {
    one: 'outbound rule',
    many: 'Outbound rules',
    empty: 'An outbound rule says from which addresses and ports members connect to the outside.',
    fields: outboundRuleFields as unknown as Kind['fields'],
  },
};

function FrontendAddress({ child }: { child: Child<FrontendIPConfiguration> }) {
  const frontends = useFrontends();
  const ours = (child.properties.loadBalancingRules ?? []).flatMap(({ id }) =>
    (frontends.data ?? []).filter(({ rule }) => sameId(rule, id)),
  );
  const [first] = ours;
  const publicIps = useEverywhere<{ id: string; properties: { ipAddress?: string } }>(
    'Microsoft.Network/publicIPAddresses',
  );
  const publicIp = publicIps.data?.find(({ id }) => sameId(id, child.properties.publicIPAddress?.id));
  return <>{first?.azureAddress ?? child.properties.privateIPAddress ?? publicIp?.properties.ipAddress ?? '-'}</>;
}

function useColumns(lb: LoadBalancer, collection: Editable): Column<AnyChild>[] {
  const backends = useBackends();
  const frontends = useFrontends();
  const [healthRule, setHealthRule] = useState<string>();
  const base = `${lb.id}/${collection}`;
  const ruleId = (child: AnyChild): string => child.id ?? `${base}/${child.name}`;
  switch (collection) {
    case 'frontendIPConfigurations':
      return [
        { name: 'Name', text: (c) => c.name },
        {
          name: 'IP address',
          text: (c) => (c.properties as FrontendIPConfiguration).privateIPAddress ?? '',
          show: (c) => <FrontendAddress child={c} />,
        },
        {
          name: 'Public IP address / Subnet',
          text: (c) =>
            nameOf(
              (c.properties as FrontendIPConfiguration).publicIPAddress ??
                (c.properties as FrontendIPConfiguration).subnet,
            ),
          show: (c) => {
            const p = c.properties as FrontendIPConfiguration;
            return (
              <ResourceLink id={p.publicIPAddress?.id ?? p.subnet?.id} text={nameOf(p.publicIPAddress ?? p.subnet)} />
            );
          },
        },
        { name: 'Rules count', text: (c) => (c.properties as FrontendIPConfiguration).loadBalancingRules?.length ?? 0 },
      ];
    case 'probes':
      return [
        { name: 'Name', text: (c) => c.name },
        { name: 'Protocol', text: (c) => (c.properties as Probe).protocol.toUpperCase() },
        { name: 'Port', text: (c) => (c.properties as Probe).port },
        { name: 'Path', text: (c) => (c.properties as Probe).requestPath ?? '-' },
        { name: 'Interval (seconds)', text: (c) => (c.properties as Probe).intervalInSeconds ?? 15 },
        { name: 'Used by', text: (c) => usersOf(lb, ruleId(c)).join(', ') || '-' },
      ];
    case 'loadBalancingRules':
      return [
        { name: 'Name', text: (c) => c.name },
        {
          name: 'Protocol',
          text: (c) =>
            `${(c.properties as LoadBalancingRule).protocol.toUpperCase()}/${(c.properties as LoadBalancingRule).frontendPort}`,
        },
        {
          name: 'Frontend',
          text: (c) => nameOf((c.properties as LoadBalancingRule).frontendIPConfiguration),
          show: (c) => {
            const state = frontends.data?.find(({ rule }) => sameId(rule, ruleId(c)));
            const where =
              state?.state === 'Bound'
                ? ''
                : state
                  ? ` (${state.state}${state.boundPort ? `: ${state.boundAddress}:${state.boundPort}` : ''})`
                  : '';
            return `${nameOf((c.properties as LoadBalancingRule).frontendIPConfiguration)}${where}`;
          },
        },
        { name: 'Backend pool', text: (c) => nameOf((c.properties as LoadBalancingRule).backendAddressPool) },
        { name: 'Health probe', text: (c) => nameOf((c.properties as LoadBalancingRule).probe) || '-' },
        { name: 'Session persistence', text: (c) => persistenceOf(c.properties as LoadBalancingRule) },
        {
          name: 'Health status',
          text: (c) => wordFor(countOf(backendsOfRule(backends.data ?? [], ruleId(c)))),
          show: (c) => (
            <>
              <Health count={countOf(backendsOfRule(backends.data ?? [], ruleId(c)))} />{' '}
              <Button size="small" appearance="transparent" onClick={() => setHealthRule(ruleId(c))}>
                View details
              </Button>
              {healthRule === ruleId(c) && <RuleHealth ruleId={ruleId(c)} onClose={() => setHealthRule(undefined)} />}
            </>
          ),
        },
      ];
    case 'inboundNatRules':
      return [
        { name: 'Name', text: (c) => c.name },
        { name: 'Frontend IP', text: (c) => nameOf((c.properties as InboundNatRule).frontendIPConfiguration) },
        {
          name: 'Frontend port',
          text: (c) => {
            const p = c.properties as InboundNatRule;
            // A range has the port 0.
            return p.frontendPort || `${p.frontendPortRangeStart} to ${p.frontendPortRangeEnd}`;
          },
        },
        {
          name: 'Service',
          text: (c) =>
            `${(c.properties as InboundNatRule).protocol.toUpperCase()}/${(c.properties as InboundNatRule).backendPort}`,
        },
        {
          name: 'Target',
          text: (c) =>
            nameOf(
              (c.properties as InboundNatRule).backendIPConfiguration ??
                (c.properties as InboundNatRule).backendAddressPool,
            ) || '-',
          show: (c) => {
            const p = c.properties as InboundNatRule;
            return p.backendIPConfiguration ? (
              <ResourceLink id={p.backendIPConfiguration.id} />
            ) : (
              nameOf(p.backendAddressPool) || '-'
            );
          },
        },
      ];
    case 'outboundRules':
      return [
        { name: 'Name', text: (c) => c.name },
        {
          name: 'Frontend IP addresses',
          text: (c) => (c.properties as OutboundRule).frontendIPConfigurations.map(nameOf).join(', '),
        },
        { name: 'Backend pool', text: (c) => nameOf((c.properties as OutboundRule).backendAddressPool) },
        { name: 'Protocol', text: (c) => (c.properties as OutboundRule).protocol.toUpperCase() },
        { name: 'Ports per instance', text: (c) => (c.properties as OutboundRule).allocatedOutboundPorts ?? 0 },
        {
          name: 'Available frontend ports',
          text: (c) => (c.properties as OutboundRule).frontendIPConfigurations.length * 64000,
        },
      ];
  }
}

export function CollectionPage({ lb, collection }: { lb: LoadBalancer; collection: Editable }) {
  const kind = kinds[collection];
  const [editing, setEditing] = useState<{ child: AnyChild; isNew: boolean }>();
  const [removing, setRemoving] = useState<AnyChild>();
  const columns = useColumns(lb, collection);
  const add = () => setEditing({ child: fresh[collection](lb), isNew: true });
  return (
    <>
      <CommandBar>
        <Button appearance="subtle" icon={<Add20Regular />} onClick={add}>
          Add
        </Button>
      </CommandBar>
      <DataTable
        label={kind.many}
        rows={lb.properties[collection] as AnyChild[]}
        rowKey={({ name }) => name}
        columns={[
          ...columns,
          {
            name: 'Actions',
            text: () => '',
            show: (child) => (
              <>
                <Button
                  size="small"
                  appearance="subtle"
                  icon={<Edit16Regular />}
                  aria-label={`Edit ${child.name}`}
                  onClick={() => setEditing({ child, isNew: false })}
                />
                <Button
                  size="small"
                  appearance="subtle"
                  icon={<Delete16Regular />}
                  aria-label={`Remove ${child.name}`}
                  onClick={() => setRemoving(child)}
                />
              </>
            ),
          },
        ]}
        empty={
          <Empty title={`No ${kind.one}s to display`} action={<Button onClick={add}>Add {kind.one}</Button>}>
            {kind.empty}
          </Empty>
        }
      />
      {editing && (
        <EditPanel
          title={editing.isNew ? `Add ${kind.one}` : editing.child.name}
          resource={lb}
          build={(base) => withChild(base, collection, editing.child)}
          {...optional('az', azFor(lb, collection, editing.child, editing.isNew))}
          {...optional('terraform', terraformFor(lb, collection, editing.child))}
          onClose={() => setEditing(undefined)}
        >
          {(error) => (
            <Fields
              specs={kind.fields(lb, editing.isNew)}
              value={editing.child}
              onChange={(child) => setEditing({ ...editing, child })}
              error={error}
            />
          )}
        </EditPanel>
      )}
      {removing && (
        <EditPanel
          title={`Remove ${removing.name}`}
          resource={lb}
          build={(base) => withoutChild(base, collection, removing.name)}
          onClose={() => setRemoving(undefined)}
          saveText="Remove"
        >
          {() => (
            <p>
              The {kind.one} <strong>{removing.name}</strong> is removed from {lb.name}. See also{' '}
              <PageLink href={`/load-balancer${lb.id}/insights`}>Insights</PageLink>.
            </p>
          )}
        </EditPanel>
      )}
    </>
  );
}

const optional = <K extends string>(key: K, value: string | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { [key in K]?: string };
