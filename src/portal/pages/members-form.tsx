/** The members of a pool as forms: those given by IP address, a page of them at a time, and the network interfaces that join. */
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
import { Add20Regular, Delete16Regular } from '@fluentui/react-icons';
import { useState } from 'react';
import type { BackendAddress, BackendAddressPool, Child } from '../azure/arm.js';
import { ipConfigurationsOf, type NetworkInterface, textOf } from '../azure/interfaces.js';
import { type FieldSpec, Fields, messageFor, refusalOf } from '../ui/fields.js';

type Pool = Child<BackendAddressPool>;

const useStyles = makeStyles({
  members: {
    display: 'grid',
    gridTemplateColumns: '1fr 1fr 110px 32px',
    gap: tokens.spacingHorizontalS,
    alignItems: 'end',
  },
  pages: { display: 'flex', alignItems: 'end', gap: tokens.spacingHorizontalS, flexWrap: 'wrap', marginTop: '8px' },
});

/** Members on one page of the form: a pool of a thousand stays quick to edit. */
const membersOnPage = 25;

export function MembersForm({ pool, onChange, error }: { pool: Pool; onChange: (pool: Pool) => void; error: unknown }) {
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
  const refused = messageFor(error, { member: 'ipAddress' });
  const named = members.findIndex(({ properties }) => properties.ipAddress && refused?.includes(properties.ipAddress));
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
            <Field label={row === 0 ? 'IP address' : ''} {...(index === Math.max(0, named) ? refusalOf(refused) : {})}>
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

/** Which IP configurations of network interfaces join the pool, by their ids. */
export function InterfacesForm({
  interfaces,
  ids,
  onChange,
  error,
}: {
  interfaces: readonly NetworkInterface[];
  ids: readonly string[];
  onChange: (ids: readonly string[]) => void;
  error: unknown;
}) {
  const spec = {
    label: 'IP configurations',
    member: 'loadBalancerBackendAddressPools',
    kind: 'many',
    hint: 'Each network interface that joins or leaves is written too: it is what names the pool.',
    choices: () => ipConfigurationsOf(interfaces).map((one) => ({ value: one.id, text: textOf(one) })),
    get: (value: readonly string[]) => value,
    set: (_: readonly string[], input: readonly string[]) => input,
  } as FieldSpec<readonly string[]>;
  return <Fields specs={[spec]} value={ids} onChange={onChange} error={error} />;
}
