/** Backend pools: members by NIC or IP address, their admin state and health, and the panel that edits a pool. */
import { Button, makeStyles, Text, tokens } from '@fluentui/react-components';
import type { ArmResource, BackendAddress, BackendAddressPool, Child, LoadBalancer } from '../azure/arm.js';
import { readId } from '../azure/arm.js';
import type { BackendView } from '../azure/emulator.js';
import { linkedTo, linkRequests, type NetworkInterface } from '../azure/interfaces.js';
import { useBackends, useEverywhere } from '../azure/queries.js';
import { useOpened } from '../ui/address.js';
import { DataTable } from '../ui/data-table.js';
import { useDraft } from '../ui/draft.js';
import { EditPanel } from '../ui/edit-panel.js';
import { type FieldSpec, Fields } from '../ui/fields.js';
import { Empty } from '../ui/page.js';
import { AddAndRefresh, MemberState, ResourceLink, RowActions } from '../ui/parts.js';
import { nameField, withChild, withoutChild } from './collections.js';
import { InterfacesForm, MembersForm } from './members-form.js';
import { azFor, azOfInterface, terraformFor, terraformOfInterface } from './other-tools.js';

type Pool = Child<BackendAddressPool>;

interface MemberRow {
  readonly pool: string;
  readonly name: string;
  readonly address: string;
  readonly reference: string | undefined;
  readonly adminState: string;
  readonly health: BackendView | undefined;
  readonly rules: number;
  /** `ssh: 2200 → 22` of each inbound NAT rule of the pool. */
  readonly portMappings: string;
}

const useStyles = makeStyles({
  section: { marginBottom: tokens.spacingVerticalXXL },
  head: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalM, flexWrap: 'wrap' },
});

/** `nic/ipconfig`. */
const nameOfConfiguration = (id: string): string => `${readId(id).rootName}/${readId(id).name}`;

/** Members of a pool as Azure lists them, joined with what the probes found. */
function membersOf(lb: LoadBalancer, pool: Pool, backends: readonly BackendView[]): MemberRow[] {
  const prefix = `${lb.id}/`.toLowerCase();
  const ours = backends.filter(({ rule }) => rule.toLowerCase().startsWith(prefix));
  const found = (match: (backend: BackendView) => boolean) => {
    const all = ours.filter(match);
    return { health: all.find(({ state }) => state !== 'Up') ?? all[0], rules: all.length };
  };
  const addresses = (pool.properties.loadBalancerBackendAddresses ?? []).map((one: BackendAddress): MemberRow => {
    const {
      ipAddress,
      networkInterfaceIPConfiguration: nic,
      adminState = 'None',
      inboundNatRulesPortMapping: portMappings = [],
    } = one.properties;
    const { health, rules } = found(
      ({ id, azureAddress }) =>
        (ipAddress !== undefined && azureAddress === ipAddress) ||
        (nic !== undefined && id.toLowerCase() === nic.id.toLowerCase()),
    );
    return {
      pool: pool.name,
      name: nic === undefined ? one.name : nameOfConfiguration(nic.id),
      address: ipAddress ?? health?.azureAddress ?? '-',
      reference: nic?.id,
      adminState,
      health,
      rules,
      portMappings: portMappings
        .map((mapping) => `${mapping.inboundNatRuleName}: ${mapping.frontendPort} → ${mapping.backendPort}`)
        .join(', '),
    };
  });
  const listed = new Set(addresses.flatMap(({ reference }) => (reference ? [reference.toLowerCase()] : [])));
  const byNic = (pool.properties.backendIPConfigurations ?? [])
    .filter(({ id }) => !listed.has(id.toLowerCase()))
    .map(({ id }): MemberRow => {
      const { health, rules } = found((backend) => backend.id.toLowerCase() === id.toLowerCase());
      return {
        pool: pool.name,
        name: nameOfConfiguration(id),
        address: health?.azureAddress ?? '-',
        reference: id,
        adminState: 'None',
        health,
        rules,
        portMappings: '',
      };
    });
  return [...addresses, ...byNic];
}

interface Draft {
  readonly pool: Pool;
  readonly etag: string | undefined;
  /** The IP configurations of network interfaces that belong to the pool, once they were changed. */
  readonly interfaceConfigurations?: readonly string[];
}

/** The panel that adds a pool, or edits the one with this name. */
function Editor({ lb, name, onClose }: { lb: LoadBalancer; name: string | undefined; onClose: () => void }) {
  const isNew = name === undefined;
  const networks = useEverywhere<ArmResource>('Microsoft.Network/virtualNetworks');
  const all = useEverywhere<NetworkInterface>('Microsoft.Network/networkInterfaces');
  const interfaces = all.data ?? [];
  const draft = useDraft<Draft>(`${lb.id}/backendAddressPools/${name ?? ''}`, {
    pool: lb.properties.backendAddressPools.find((one) => one.name === name) ?? {
      name: '',
      properties: { loadBalancerBackendAddresses: [] },
    },
    etag: lb.etag,
  });
  const { pool, etag, interfaceConfigurations } = draft.value;
  const target = `${lb.id}/backendAddressPools/${pool.name}`;
  const joined = interfaceConfigurations ?? linkedTo(interfaces, 'loadBalancerBackendAddressPools', target);
  const setPool = (next: Pool): void => draft.set({ ...draft.value, pool: next });
  const specs: FieldSpec<Pool>[] = [
    ...(isNew ? nameField<BackendAddressPool>() : []),
    {
      label: 'Virtual network (resource id)',
      member: 'virtualNetwork',
      kind: 'combo',
      hint: 'Needed for members that are given by IP address',
      choices: () => (networks.data ?? []).map((one) => ({ value: one.id, text: one.name })),
      get: ({ properties: { virtualNetwork, loadBalancerBackendAddresses: members = [] } }) =>
        virtualNetwork?.id ??
        members.find(({ properties }) => properties.virtualNetwork)?.properties.virtualNetwork?.id ??
        '',
      set: (before: Pool, id: string) => {
        const { virtualNetwork: _, ...properties } = before.properties;
        return { ...before, properties: id === '' ? properties : { ...properties, virtualNetwork: { id } } };
      },
    } as FieldSpec<Pool>,
  ];
  return (
    <EditPanel
      title={isNew ? 'Add backend pool' : `Edit ${name}`}
      resource={lb}
      since={etag}
      reading={all.isPending}
      build={(base) => withChild(base, 'backendAddressPools', pool)}
      also={
        interfaceConfigurations === undefined
          ? []
          : linkRequests(interfaces, {
              link: 'loadBalancerBackendAddressPools',
              target,
              wanted: interfaceConfigurations,
            })
      }
      ways={{
        az: () =>
          [azFor(lb, 'backendAddressPools', pool, isNew), ...joined.map((id) => azOfInterface(lb, pool, id))].join(
            '\n',
          ),
        Terraform: () =>
          [terraformFor(lb, 'backendAddressPools', pool), ...joined.map((id) => terraformOfInterface(id, target))].join(
            '\n\n',
          ),
      }}
      onClose={() => {
        draft.clear();
        onClose();
      }}
    >
      {(error) => (
        <>
          <Fields specs={specs} value={pool} onChange={setPool} error={error} />
          <Text as="h2" weight="semibold" block style={{ margin: '16px 0 8px' }}>
            IP addresses
          </Text>
          <MembersForm pool={pool} onChange={setPool} error={error} />
          <Text as="h2" weight="semibold" block style={{ margin: '16px 0 8px' }}>
            Network interfaces
          </Text>
          <InterfacesForm
            interfaces={interfaces}
            ids={joined}
            onChange={(ids) => draft.set({ ...draft.value, interfaceConfigurations: ids })}
            error={error}
          />
        </>
      )}
    </EditPanel>
  );
}

export function BackendPools({ lb }: { lb: LoadBalancer }) {
  const styles = useStyles();
  const backends = useBackends();
  const panel = useOpened('panel');
  const [, action, name] = /^(\w+)(?: (.*))?$/.exec(panel.opened ?? '') ?? [];
  const isThere = lb.properties.backendAddressPools.some((pool) => pool.name === name);
  const add = () => panel.open('add');
  return (
    <>
      <AddAndRefresh onAdd={add} />
      {lb.properties.backendAddressPools.length === 0 && (
        <Empty title="No backend pools to display" action={<Button onClick={add}>Add backend pool</Button>}>
          A backend pool holds the members that get the traffic: network interfaces or IP addresses.
        </Empty>
      )}
      {lb.properties.backendAddressPools.map((pool) => (
        <div key={pool.name} className={styles.section}>
          <div className={styles.head}>
            <Text as="h2" weight="semibold" size={400}>
              {pool.name}
            </Text>
            <RowActions
              name={pool.name}
              onEdit={() => panel.open(`edit ${pool.name}`)}
              onRemove={() => panel.open(`remove ${pool.name}`)}
            />
          </div>
          <DataTable
            label={`Members of ${pool.name}`}
            rows={membersOf(lb, pool, backends.data ?? [])}
            rowKey={(row) => row.name}
            filterable={membersOf(lb, pool, []).length > 10}
            columns={[
              {
                name: 'Member',
                text: (row) => row.name,
                show: (row) => (row.reference ? <ResourceLink id={row.reference} text={row.name} /> : row.name),
              },
              { name: 'IP address', text: ({ address }) => address },
              { name: 'Admin state', text: ({ adminState }) => adminState },
              {
                name: 'Health',
                text: ({ health }) => health?.state ?? '',
                show: ({ health }) =>
                  health ? <MemberState state={health.state} reason={health.reason} /> : 'No rule uses it',
              },
              { name: 'Port mappings', text: ({ portMappings }) => portMappings || '-' },
              { name: 'Rules', text: ({ rules }) => rules },
            ]}
            empty={
              <Empty title="The pool has no members">
                Edit the pool to add IP addresses or network interfaces to it.
              </Empty>
            }
          />
        </div>
      ))}
      {(action === 'add' || (action === 'edit' && isThere)) && (
        <Editor key={panel.opened} lb={lb} name={name} onClose={panel.close} />
      )}
      {action === 'remove' && isThere && name !== undefined && (
        <EditPanel
          title={`Remove ${name}`}
          resource={lb}
          since={lb.etag}
          build={(base) => withoutChild(base, 'backendAddressPools', name)}
          onClose={panel.close}
          saveText="Remove"
        >
          {() => <p>The pool is removed from {lb.name}. Azure refuses it while a rule uses the pool.</p>}
        </EditPanel>
      )}
    </>
  );
}
