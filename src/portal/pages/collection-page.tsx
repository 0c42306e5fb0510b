/** The list of one kind of part of a load balancer, with the panel that adds and edits one. */
import { Button, Link } from '@fluentui/react-components';
import type * as arm from '../azure/arm.js';
import { nameOf, readId, sameId } from '../azure/arm.js';
import { backendsOfRule, countOf, wordFor } from '../azure/health.js';
import { ipConfigurationsOf, linkedTo, linkRequests, type NetworkInterface, textOf } from '../azure/interfaces.js';
import { useBackends, useEverywhere, useFrontends, useOutbound } from '../azure/queries.js';
import { useOpened } from '../ui/address.js';
import { type Column, DataTable } from '../ui/data-table.js';
import { useDraft } from '../ui/draft.js';
import { EditPanel } from '../ui/edit-panel.js';
import { type FieldSpec, Fields } from '../ui/fields.js';
import { Empty } from '../ui/page.js';
import { AddAndRefresh, Health, PageLink, ResourceLink, RowActions } from '../ui/parts.js';
import {
  type FieldOptions,
  fresh,
  frontendFields,
  frontendPorts,
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

type Editable = Exclude<arm.Collection, 'backendAddressPools'>;
type AnyChild = arm.Child<never>;

interface Kind {
  readonly one: string;
  readonly many: string;
  readonly empty: string;
  readonly fields: (lb: arm.LoadBalancer, options: FieldOptions) => FieldSpec<AnyChild>[];
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

function FrontendAddress({ child }: { child: arm.Child<arm.FrontendIPConfiguration> }) {
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

function useColumns(
  lb: arm.LoadBalancer,
  collection: Editable,
  showHealth: (rule: string) => void,
): Column<AnyChild>[] {
  const backends = useBackends();
  const frontends = useFrontends();
  const outbound = useOutbound();
  const base = `${lb.id}/${collection}`;
  const ruleId = (child: AnyChild): string => child.id ?? `${base}/${child.name}`;
  switch (collection) {
    case 'frontendIPConfigurations':
      return [
        { name: 'Name', text: (c) => c.name },
        {
          name: 'IP address',
          text: (c) => (c.properties as arm.FrontendIPConfiguration).privateIPAddress ?? '',
          show: (c) => <FrontendAddress child={c} />,
        },
        {
          name: 'Public IP address / Subnet',
          text: (c) =>
            nameOf(
              (c.properties as arm.FrontendIPConfiguration).publicIPAddress ??
                (c.properties as arm.FrontendIPConfiguration).subnet,
            ),
          show: (c) => {
            const p = c.properties as arm.FrontendIPConfiguration;
            return (
              <ResourceLink id={p.publicIPAddress?.id ?? p.subnet?.id} text={nameOf(p.publicIPAddress ?? p.subnet)} />
            );
          },
        },
        {
          name: 'Rules count',
          text: (c) => (c.properties as arm.FrontendIPConfiguration).loadBalancingRules?.length ?? 0,
        },
      ];
    case 'probes':
      return [
        { name: 'Name', text: (c) => c.name },
        { name: 'Protocol', text: (c) => (c.properties as arm.Probe).protocol.toUpperCase() },
        { name: 'Port', text: (c) => (c.properties as arm.Probe).port },
        { name: 'Path', text: (c) => (c.properties as arm.Probe).requestPath ?? '-' },
        { name: 'Interval (seconds)', text: (c) => (c.properties as arm.Probe).intervalInSeconds ?? 15 },
        { name: 'Used by', text: (c) => usersOf(lb, ruleId(c)).join(', ') || '-' },
      ];
    case 'loadBalancingRules':
      return [
        { name: 'Name', text: (c) => c.name },
        {
          name: 'Protocol',
          text: (c) =>
            `${(c.properties as arm.LoadBalancingRule).protocol.toUpperCase()}/${(c.properties as arm.LoadBalancingRule).frontendPort}`,
        },
        {
          name: 'Frontend',
          text: (c) => nameOf((c.properties as arm.LoadBalancingRule).frontendIPConfiguration),
          show: (c) => {
            const state = frontends.data?.find(({ rule }) => sameId(rule, ruleId(c)));
            const where =
              state?.state === 'Bound'
                ? ''
                : state
                  ? ` (${state.state}${state.boundPort ? `: ${state.boundAddress}:${state.boundPort}` : ''})`
                  : '';
            return `${nameOf((c.properties as arm.LoadBalancingRule).frontendIPConfiguration)}${where}`;
          },
        },
        { name: 'Backend pool', text: (c) => nameOf((c.properties as arm.LoadBalancingRule).backendAddressPool) },
        { name: 'Health probe', text: (c) => nameOf((c.properties as arm.LoadBalancingRule).probe) || '-' },
        { name: 'Session persistence', text: (c) => persistenceOf(c.properties as arm.LoadBalancingRule) },
        {
          name: 'Health status',
          text: (c) => wordFor(countOf(backendsOfRule(backends.data ?? [], ruleId(c)))),
          show: (c) => (
            <>
              <Health count={countOf(backendsOfRule(backends.data ?? [], ruleId(c)))} />{' '}
              <Link as="button" onClick={() => showHealth(c.name)}>
                View details
              </Link>
            </>
          ),
        },
      ];
    case 'inboundNatRules':
      return [
        { name: 'Name', text: (c) => c.name },
        { name: 'Frontend IP', text: (c) => nameOf((c.properties as arm.InboundNatRule).frontendIPConfiguration) },
        {
          name: 'Frontend port',
          text: (c) => {
            const p = c.properties as arm.InboundNatRule;
            // A range has the port 0.
            return p.frontendPort || `${p.frontendPortRangeStart} to ${p.frontendPortRangeEnd}`;
          },
        },
        {
          name: 'Service',
          text: (c) =>
            `${(c.properties as arm.InboundNatRule).protocol.toUpperCase()}/${(c.properties as arm.InboundNatRule).backendPort}`,
        },
        {
          name: 'Target',
          text: (c) =>
            nameOf(
              (c.properties as arm.InboundNatRule).backendIPConfiguration ??
                (c.properties as arm.InboundNatRule).backendAddressPool,
            ) || '-',
          show: (c) => {
            const p = c.properties as arm.InboundNatRule;
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
          text: (c) => (c.properties as arm.OutboundRule).frontendIPConfigurations.map(nameOf).join(', '),
        },
        { name: 'Backend pool', text: (c) => nameOf((c.properties as arm.OutboundRule).backendAddressPool) },
        { name: 'Protocol', text: (c) => (c.properties as arm.OutboundRule).protocol.toUpperCase() },
        { name: 'Ports per instance', text: (c) => (c.properties as arm.OutboundRule).allocatedOutboundPorts ?? 0 },
        {
          name: 'Available frontend ports',
          text: (c) => frontendPorts(lb, c as arm.Child<arm.OutboundRule>, outbound.data ?? []).free,
          show: (c) => {
            const { free, all } = frontendPorts(lb, c as arm.Child<arm.OutboundRule>, outbound.data ?? []);
            return `${free.toLocaleString()} of ${all.toLocaleString()}`;
          },
        },
      ];
  }
}

/** The panel that adds a part, or edits the one with this name. */
function Editor({ lb, collection, name, onClose }: Opened & { readonly name: string | undefined }) {
  const kind = kinds[collection];
  const isNew = name === undefined;
  const found = (lb.properties[collection] as AnyChild[]).find((one) => one.name === name);
  const target = `${lb.id}/${collection}/${name}`;
  const publicIps = useEverywhere<arm.ArmResource>('Microsoft.Network/publicIPAddresses');
  const networks = useEverywhere<arm.ArmResource<{ subnets?: arm.Reference[] }>>('Microsoft.Network/virtualNetworks');
  const interfaces = useEverywhere<NetworkInterface>('Microsoft.Network/networkInterfaces');
  const draft = useDraft<Draft>(`${lb.id}/${collection}/${name ?? ''}`, {
    child: found ?? fresh[collection](lb),
    etag: lb.etag,
  });
  const { child, etag, interfaceConfiguration } = draft.value;
  const choices = (found: readonly arm.Reference[]) =>
    found.map(({ id }) => ({ value: id, text: `${readId(id).name} (${readId(id).rootName})` }));
  const close = (): void => {
    draft.clear();
    onClose();
  };
  const isForMachine =
    collection === 'inboundNatRules' && (child.properties as arm.InboundNatRule).backendAddressPool === undefined;
  const chosen =
    interfaceConfiguration ?? linkedTo(interfaces.data ?? [], 'loadBalancerInboundNatRules', target)[0] ?? '';
  return (
    <EditPanel
      title={isNew ? `Add ${kind.one}` : `Edit ${name}`}
      resource={lb}
      since={etag}
      reading={interfaces.isPending}
      build={(base) => withChild(base, collection, child)}
      also={
        interfaceConfiguration === undefined
          ? []
          : linkRequests(interfaces.data ?? [], {
              link: 'loadBalancerInboundNatRules',
              target: `${lb.id}/${collection}/${child.name}`,
              wanted: interfaceConfiguration === '' ? [] : [interfaceConfiguration],
            })
      }
      ways={{
        az: () => azFor(lb, collection, child, isNew),
        Terraform: () => terraformFor(lb, collection, child),
      }}
      onClose={close}
    >
      {(error) => (
        <>
          <Fields
            specs={kind.fields(lb, {
              isNew,
              publicIps: choices(publicIps.data ?? []),
              subnets: choices((networks.data ?? []).flatMap(({ properties }) => properties.subnets ?? [])),
            })}
            value={child}
            onChange={(next) => draft.set({ ...draft.value, child: next })}
            error={error}
          />
          {isForMachine && (
            <Fields
              specs={[
                {
                  label: 'Target virtual machine (network interface)',
                  member: 'backendIPConfiguration',
                  kind: 'choice',
                  hint: 'The network interface is changed too: it is what names the rule.',
                  choices: () => [
                    { value: '', text: '(none)' },
                    ...ipConfigurationsOf(interfaces.data ?? []).map((one) => ({ value: one.id, text: textOf(one) })),
                  ],
                  get: (id: string) => id,
                  set: (_: string, id: string) => id,
                } as FieldSpec<string>,
              ]}
              value={chosen}
              onChange={(id) => draft.set({ ...draft.value, interfaceConfiguration: id })}
              error={error}
            />
          )}
        </>
      )}
    </EditPanel>
  );
}

interface Opened {
  readonly lb: arm.LoadBalancer;
  readonly collection: Editable;
  readonly onClose: () => void;
}

interface Draft {
  readonly child: AnyChild;
  readonly etag: string | undefined;
  /** The IP configuration that a NAT rule without a pool goes to, once it is chosen. */
  readonly interfaceConfiguration?: string;
}

export function CollectionPage({ lb, collection }: { lb: arm.LoadBalancer; collection: Editable }) {
  const kind = kinds[collection];
  const panel = useOpened('panel');
  const health = useOpened('health');
  const columns = useColumns(lb, collection, health.open);
  const [, action, name] = /^(\w+)(?: (.*))?$/.exec(panel.opened ?? '') ?? [];
  const isThere = lb.properties[collection].some((one) => one.name === name);
  const add = () => panel.open('add');
  return (
    <>
      <AddAndRefresh onAdd={add} />
      <DataTable
        label={kind.many}
        rows={lb.properties[collection] as AnyChild[]}
        rowKey={(child) => child.name}
        columns={[
          ...columns,
          {
            name: 'Actions',
            text: () => '',
            show: (child) => (
              <RowActions
                name={child.name}
                onEdit={() => panel.open(`edit ${child.name}`)}
                onRemove={() => panel.open(`remove ${child.name}`)}
              />
            ),
          },
        ]}
        empty={
          <Empty title={`No ${kind.one}s to display`} action={<Button onClick={add}>Add {kind.one}</Button>}>
            {kind.empty}
          </Empty>
        }
      />
      {(action === 'add' || (action === 'edit' && isThere)) && (
        <Editor key={panel.opened} lb={lb} collection={collection} name={name} onClose={panel.close} />
      )}
      {action === 'remove' && isThere && name !== undefined && (
        <EditPanel
          title={`Remove ${name}`}
          resource={lb}
          since={lb.etag}
          build={(base) => withoutChild(base, collection, name)}
          onClose={panel.close}
          saveText="Remove"
        >
          {() => (
            <p>
              The {kind.one} <strong>{name}</strong> is removed from {lb.name}. See also{' '}
              <PageLink href={`/load-balancer${lb.id}/insights`}>Insights</PageLink>.
            </p>
          )}
        </EditPanel>
      )}
      {health.opened !== undefined && (
        <RuleHealth ruleId={`${lb.id}/loadBalancingRules/${health.opened}`} onClose={health.close} />
      )}
    </>
  );
}
