/** Backend pools: members by NIC or IP address, their admin state and health, and the panel that edits a pool. */
import {
  Button,
  Dropdown,
  Field,
  Input,
  makeStyles,
  Option,
  SearchBox,
  Text,
  tokens,
} from '@fluentui/react-components';
import { Add20Regular, Delete16Regular, Edit16Regular } from '@fluentui/react-icons';
import { useState } from 'react';
import type { BackendAddress, BackendAddressPool, Child, LoadBalancer } from '../azure/arm.js';
import { nameOf, readId } from '../azure/arm.js';
import type { BackendView } from '../azure/emulator.js';
import { useBackends } from '../azure/queries.js';
import { DataTable } from '../ui/data-table.js';
import { EditPanel } from '../ui/edit-panel.js';
import { CommandBar, Empty } from '../ui/page.js';
import { MemberState, ResourceLink } from '../ui/parts.js';
import { withChild, withoutChild } from './collections.js';
import { terraformFor } from './other-tools.js';

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
  members: {
    display: 'grid',
    gridTemplateColumns: '1fr 1fr 110px 32px',
    gap: tokens.spacingHorizontalS,
    alignItems: 'end',
  },
  pages: { display: 'flex', alignItems: 'end', gap: tokens.spacingHorizontalS, flexWrap: 'wrap', marginTop: '8px' },
  section: { marginBottom: tokens.spacingVerticalXXL },
  head: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalM, flexWrap: 'wrap' },
});

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
      name: one.name,
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
      const name = `${readId(id).rootName}/${nameOf({ id })}`;
      return {
        pool: pool.name,
        name,
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

/** Members on one page of the form: a pool of a thousand stays quick to edit. */
const membersOnPage = 25;

function MembersForm({ pool, onChange }: { pool: Pool; onChange: (pool: Pool) => void }) {
  const styles = useStyles();
  const members = (pool.properties.loadBalancerBackendAddresses ?? []).filter(
    ({ properties }) => properties.networkInterfaceIPConfiguration === undefined,
  );
  const kept = (pool.properties.loadBalancerBackendAddresses ?? []).filter(
    ({ properties }) => properties.networkInterfaceIPConfiguration !== undefined,
  );
  const [page, setPage] = useState(0);
  const pageOf = (index: number): number => Math.floor(Math.max(0, index) / membersOnPage);
  const lastPage = pageOf(members.length - 1);
  const shownPage = Math.min(page, lastPage);
  const first = shownPage * membersOnPage;
  const find = (text: string): void => {
    const wanted = text.trim().toLowerCase();
    const index = members.findIndex(({ name, properties }) =>
      `${name} ${properties.ipAddress ?? ''}`.toLowerCase().includes(wanted),
    );
    if (index >= 0) setPage(pageOf(index));
  };
  const set = (next: BackendAddress[]): void =>
    onChange({ ...pool, properties: { ...pool.properties, loadBalancerBackendAddresses: [...kept, ...next] } });
  const change = (index: number, next: Partial<BackendAddress['properties']> & { name?: string }): void =>
    set(
      members.map((member, at) => {
        if (at !== index) return member;
        const { name = member.name, ...properties } = next;
        return { name, properties: { ...member.properties, ...properties } };
      }),
    );
  return (
    <>
      {lastPage > 0 && (
        <div className={styles.pages}>
          <SearchBox
            aria-label="Find member"
            placeholder="Go to a name or IP address…"
            size="small"
            onChange={(_, { value }) => find(value)}
          />
          <Button size="small" disabled={shownPage === 0} onClick={() => setPage(shownPage - 1)}>
            Previous
          </Button>
          <Button size="small" disabled={shownPage === lastPage} onClick={() => setPage(shownPage + 1)}>
            Next
          </Button>
          <Text size={200} role="status">
            Members {first + 1} to {Math.min(first + membersOnPage, members.length)} of {members.length}
          </Text>
        </div>
      )}
      {members.slice(first, first + membersOnPage).map((member, row) => {
        const index = first + row;
        return (
          <div key={index} className={styles.members}>
            <Field label={row === 0 ? 'Name' : ''}>
              <Input
                aria-label="Member name"
                value={member.name}
                onChange={(_, { value }) => change(index, { name: value })}
              />
            </Field>
            <Field label={row === 0 ? 'IP address' : ''}>
              <Input
                aria-label="Member IP address"
                value={member.properties.ipAddress ?? ''}
                onChange={(_, { value }) => change(index, { ipAddress: value })}
              />
            </Field>
            <Field label={row === 0 ? 'Admin state' : ''}>
              <Dropdown
                aria-label="Admin state"
                style={{ minWidth: 100 }}
                value={member.properties.adminState ?? 'None'}
                selectedOptions={[member.properties.adminState ?? 'None']}
                onOptionSelect={(_, { optionValue }) =>
                  change(index, { adminState: optionValue as 'None' | 'Up' | 'Down' })
                }
              >
                {['None', 'Up', 'Down'].map((value) => (
                  <Option key={value} value={value}>
                    {value}
                  </Option>
                ))}
              </Dropdown>
            </Field>
            <Button
              appearance="subtle"
              icon={<Delete16Regular />}
              aria-label={`Remove ${member.name || 'member'}`}
              onClick={() => set(members.filter((_, at) => at !== index))}
            />
          </div>
        );
      })}
      <Button
        size="small"
        icon={<Add20Regular />}
        style={{ marginTop: 8 }}
        onClick={() => {
          set([...members, { name: `member-${members.length + 1}`, properties: { ipAddress: '' } }]);
          setPage(pageOf(members.length));
        }}
      >
        Add IP address
      </Button>
    </>
  );
}

export function BackendPools({ lb }: { lb: LoadBalancer }) {
  const styles = useStyles();
  const backends = useBackends();
  const [editing, setEditing] = useState<{ pool: Pool; isNew: boolean }>();
  const [removing, setRemoving] = useState<Pool>();
  const add = () => setEditing({ pool: { name: '', properties: { loadBalancerBackendAddresses: [] } }, isNew: true });
  return (
    <>
      <CommandBar>
        <Button appearance="subtle" icon={<Add20Regular />} onClick={add}>
          Add
        </Button>
      </CommandBar>
      {lb.properties.backendAddressPools.length === 0 && (
        <Empty title="No backend pools to display" action={<Button onClick={add}>Add backend pool</Button>}>
          A backend pool holds the members that get the traffic: network interfaces or IP addresses.
        </Empty>
      )}
      {lb.properties.backendAddressPools.map((pool) => (
        <div key={pool.name} className={styles.section}>
          <div className={styles.head}>
            <Text weight="semibold" size={400}>
              {pool.name}
            </Text>
            <Button
              size="small"
              appearance="subtle"
              icon={<Edit16Regular />}
              aria-label={`Edit ${pool.name}`}
              onClick={() => setEditing({ pool, isNew: false })}
            />
            <Button
              size="small"
              appearance="subtle"
              icon={<Delete16Regular />}
              aria-label={`Remove ${pool.name}`}
              onClick={() => setRemoving(pool)}
            />
          </div>
          <DataTable
            label={`Members of ${pool.name}`}
            rows={membersOf(lb, pool, backends.data ?? [])}
            rowKey={({ name }) => name}
            filterable={membersOf(lb, pool, []).length > 10}
            columns={[
              {
                name: 'Member',
                text: ({ name }) => name,
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
            empty={<Empty title="The pool has no members" />}
          />
        </div>
      ))}
      {editing && (
        <EditPanel
          title={editing.isNew ? 'Add backend pool' : editing.pool.name}
          resource={lb}
          build={(base) => withChild(base, 'backendAddressPools', editing.pool)}
          az={`az network lb address-pool ${editing.isNew ? 'create' : 'update'} -g ${readId(lb.id).resourceGroup} --lb-name ${lb.name} -n ${editing.pool.name}${(editing.pool.properties.loadBalancerBackendAddresses ?? []).map(({ name, properties }) => ` --backend-addresses name=${name} ip-address=${properties.ipAddress ?? ''}`).join('')}`}
          terraform={terraformFor(lb, 'backendAddressPools', editing.pool) ?? ''}
          onClose={() => setEditing(undefined)}
        >
          {() => (
            <>
              {editing.isNew && (
                <Field label="Name" required>
                  <Input
                    value={editing.pool.name}
                    onChange={(_, { value }) => setEditing({ ...editing, pool: { ...editing.pool, name: value } })}
                  />
                </Field>
              )}
              <Field label="Virtual network (resource id)" hint="Needed for members that are given by IP address">
                <Input
                  value={
                    editing.pool.properties.virtualNetwork?.id ??
                    editing.pool.properties.loadBalancerBackendAddresses?.find(
                      ({ properties }) => properties.virtualNetwork,
                    )?.properties.virtualNetwork?.id ??
                    ''
                  }
                  onChange={(_, { value }) =>
                    setEditing({
                      ...editing,
                      pool: {
                        ...editing.pool,
                        properties: { ...editing.pool.properties, virtualNetwork: { id: value } },
                      },
                    })
                  }
                />
              </Field>
              <MembersForm pool={editing.pool} onChange={(pool) => setEditing({ ...editing, pool })} />
            </>
          )}
        </EditPanel>
      )}
      {removing && (
        <EditPanel
          title={`Remove ${removing.name}`}
          resource={lb}
          build={(base) => withoutChild(base, 'backendAddressPools', removing.name)}
          onClose={() => setRemoving(undefined)}
          saveText="Remove"
        >
          {() => <p>The pool is removed from {lb.name}. Azure refuses it while a rule uses the pool.</p>}
        </EditPanel>
      )}
    </>
  );
}
