/** Create load balancer: the wizard with the tabs of Azure's portal. */
import {
  Button,
  Dropdown,
  Field,
  Input,
  makeStyles,
  Option,
  Radio,
  RadioGroup,
  Spinner,
  Tab,
  TabList,
  Text,
  tokens,
} from '@fluentui/react-components';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { write } from '../azure/arm.js';
import type { PlannedRequest } from '../azure/http.js';
import { queryClient, useEverywhere, useSubscriptions } from '../azure/queries.js';
import { messageFor } from '../ui/fields.js';
import { ErrorBar, Page } from '../ui/page.js';
import { RequestPreview } from '../ui/request-preview.js';
import { type Draft, plannedRequests, start } from './create-requests.js';

const useStyles = makeStyles({
  form: { display: 'grid', gap: tokens.spacingVerticalM, maxWidth: '640px', padding: `${tokens.spacingVerticalL} 0` },
  row: { display: 'grid', gridTemplateColumns: '1fr 1fr auto', gap: tokens.spacingHorizontalS, alignItems: 'end' },
  foot: { display: 'flex', gap: tokens.spacingHorizontalM, alignItems: 'center', paddingTop: tokens.spacingVerticalL },
});

const steps = [
  'Basics',
  'Frontend IP configuration',
  'Backend pools',
  'Inbound rules',
  'Outbound rules',
  'Tags',
  'Review + create',
] as const;

type Step = (typeof steps)[number];

/** The members by which Azure's errors name what a field holds, and the tab of the field. */
const asked: Readonly<Partial<Record<keyof Draft, readonly [member: string, step: Step]>>> = {
  location: ['location', 'Basics'],
  sku: ['sku', 'Basics'],
  tier: ['tier', 'Basics'],
  subnet: ['subnet', 'Frontend IP configuration'],
  members: ['ipAddress', 'Backend pools'],
  port: ['frontendPort', 'Inbound rules'],
  backendPort: ['backendPort', 'Inbound rules'],
  probePort: ['port', 'Inbound rules'],
  probePath: ['requestPath', 'Inbound rules'],
  persistence: ['loadDistribution', 'Inbound rules'],
  outboundPorts: ['allocatedOutboundPorts', 'Outbound rules'],
  tags: ['tags', 'Tags'],
};

/** The draft of this tab of the browser: loading the page again keeps it. */
const draftKey = 'lazurite.create';
const keptDraft = (): Draft => ({ ...start, ...JSON.parse(sessionStorage.getItem(draftKey) ?? '{}') });

export default function CreateLoadBalancer() {
  const styles = useStyles();
  const [, navigate] = useLocation();
  const subscriptions = useSubscriptions();
  const addresses = useEverywhere<{ name: string }>('Microsoft.Network/publicIPAddresses');
  const [step, setStep] = useState<Step>('Basics');
  const [given, setDraft] = useState<Draft>(keptDraft);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const draft = { ...given, subscriptionId: given.subscriptionId || subscriptions.data?.[0]?.subscriptionId || '' };
  const set = (change: Partial<Draft>): void => {
    const next = { ...draft, ...change };
    sessionStorage.setItem(draftKey, JSON.stringify(next));
    setDraft(next);
  };
  /** What Azure said about a field. */
  const refusal = (field: keyof Draft) => {
    const message = messageFor(error, asked[field]?.[0]);
    return message === undefined ? {} : { validationState: 'error' as const, validationMessage: message };
  };
  const text = (label: string, member: keyof Draft & string, options: { hint?: string; required?: boolean } = {}) => (
    <Field label={label} {...options} {...refusal(member)}>
      <Input value={String(draft[member])} onChange={(_, { value }) => set({ [member]: value })} />
    </Field>
  );
  const choice = (label: string, member: keyof Draft & string, values: readonly (readonly [string, string])[]) => (
    <Field label={label} {...refusal(member)}>
      <Dropdown
        value={values.find(([value]) => value === draft[member])?.[1] ?? ''}
        selectedOptions={[String(draft[member])]}
        onOptionSelect={(_, { optionValue }) => set({ [member]: optionValue } as Partial<Draft>)}
      >
        {values.map(([value, name]) => (
          <Option key={value} value={value} text={name}>
            {name}
          </Option>
        ))}
      </Dropdown>
    </Field>
  );
  const requests = plannedRequests(draft);
  const last = requests.at(-1) as PlannedRequest;
  const isComplete = draft.name !== '' && draft.group !== '' && draft.subscriptionId !== '';

  async function create(): Promise<void> {
    setBusy(true);
    setError(undefined);
    try {
      for (const request of requests) await write(request);
      await queryClient.invalidateQueries();
      sessionStorage.removeItem(draftKey);
      navigate(`/load-balancer${last.url.split('?')[0]}/overview`);
    } catch (failure) {
      setError(failure);
      const place = Object.values(asked).find(([member]) => messageFor(failure, member) !== undefined);
      if (place) setStep(place[1]);
    } finally {
      setBusy(false);
    }
  }

  const index = steps.indexOf(step);
  return (
    <Page
      title="Create load balancer"
      crumbs={[
        { text: 'Home', href: '/' },
        { text: 'Load balancers', href: '/load-balancers' },
      ]}
    >
      <TabList
        selectedValue={step}
        onTabSelect={(_, { value }) => setStep(value as typeof step)}
        style={{ flexWrap: 'wrap' }}
      >
        {steps.map((one) => (
          <Tab key={one} value={one}>
            {one}
          </Tab>
        ))}
      </TabList>
      {error !== undefined && <ErrorBar error={error} />}
      <div className={styles.form}>
        {step === 'Basics' && (
          <>
            {choice(
              'Subscription',
              'subscriptionId',
              (subscriptions.data ?? []).map(
                (one) => [one.subscriptionId, `${one.displayName} (${one.subscriptionId})`] as const,
              ),
            )}
            {text('Resource group', 'group', { required: true, hint: 'It is created if it does not exist.' })}
            {text('Name', 'name', { required: true })}
            {text('Region', 'location')}
            {choice('SKU', 'sku', [
              ['Standard', 'Standard'],
              ['Basic', 'Basic'],
              ['Gateway', 'Gateway'],
            ])}
            <Field label="Type">
              <RadioGroup
                layout="horizontal"
                value={draft.type}
                onChange={(_, { value }) => set({ type: value as Draft['type'] })}
              >
                <Radio value="Public" label="Public" />
                <Radio value="Internal" label="Internal" />
              </RadioGroup>
            </Field>
            {choice('Tier', 'tier', [
              ['Regional', 'Regional'],
              ['Global', 'Global'],
            ])}
          </>
        )}
        {step === 'Frontend IP configuration' && (
          <>
            {text('Name', 'frontend', { required: true })}
            {draft.type === 'Public' ? (
              <Field label="Public IP address" hint="A new one is created if it does not exist.">
                <Input
                  value={draft.address}
                  placeholder={`${draft.name}-ip`}
                  list="pips"
                  onChange={(_, { value }) => set({ address: value })}
                />
              </Field>
            ) : null}
            <datalist id="pips">
              {(addresses.data ?? []).map(({ name }) => (
                <option key={name} value={name} />
              ))}
            </datalist>
            <Field label="Virtual network" hint="A new one is created if it does not exist.">
              <Input
                value={draft.network}
                placeholder={`${draft.name}-vnet`}
                onChange={(_, { value }) => set({ network: value })}
              />
            </Field>
            {text('Subnet', 'subnet')}
          </>
        )}
        {step === 'Backend pools' && (
          <>
            {text('Name', 'pool', { required: true })}
            {draft.members.map((member, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a row has no other identity while its name is edited
              <div key={at} className={styles.row}>
                <Field label="Member">
                  <Input
                    aria-label={`Member ${at + 1} name`}
                    value={member.name}
                    onChange={(_, { value }) =>
                      set({ members: draft.members.map((one, i) => (i === at ? { ...one, name: value } : one)) })
                    }
                  />
                </Field>
                <Field label="IP address" {...(at === 0 ? refusal('members') : {})}>
                  <Input
                    aria-label={`Member ${at + 1} IP address`}
                    value={member.address}
                    onChange={(_, { value }) =>
                      set({ members: draft.members.map((one, i) => (i === at ? { ...one, address: value } : one)) })
                    }
                  />
                </Field>
                <Button
                  aria-label={`Remove member ${at + 1}`}
                  onClick={() => set({ members: draft.members.filter((_, i) => i !== at) })}
                >
                  Remove
                </Button>
              </div>
            ))}
            <div>
              <Button
                onClick={() =>
                  set({
                    members: [
                      ...draft.members,
                      { name: `vm${draft.members.length + 1}`, address: `10.0.0.${draft.members.length + 4}` },
                    ],
                  })
                }
              >
                Add member
              </Button>
            </div>
            <Text size={200}>
              An address 10.x.y.z is 127.x.y.z on this machine: the member 10.0.0.4 is what listens on 127.0.0.4.
            </Text>
          </>
        )}
        {step === 'Inbound rules' && (
          <>
            {text('Load balancing rule', 'rule', { required: true })}
            {choice('Protocol', 'protocol', [
              ['Tcp', 'TCP'],
              ['Udp', 'UDP'],
            ])}
            {text('Port', 'port', { required: true })}
            {text('Backend port', 'backendPort', { required: true })}
            {text('Health probe', 'probe', { required: true })}
            {choice('Probe protocol', 'probeProtocol', [
              ['Tcp', 'TCP'],
              ['Http', 'HTTP'],
              ['Https', 'HTTPS'],
            ])}
            {text('Probe port', 'probePort', { required: true })}
            {draft.probeProtocol !== 'Tcp' && text('Probe path', 'probePath')}
            {choice('Session persistence', 'persistence', [
              ['Default', 'None'],
              ['SourceIP', 'Client IP'],
              ['SourceIPProtocol', 'Client IP and protocol'],
            ])}
          </>
        )}
        {step === 'Outbound rules' && (
          <>
            {choice('Outbound rule', 'outbound', [
              ['no', 'None'],
              ['yes', 'Add one'],
            ])}
            {draft.outbound === 'yes' && text('Ports per instance', 'outboundPorts')}
          </>
        )}
        {step === 'Tags' && text('Tags', 'tags', { hint: 'name=value, separated by commas' })}
        {step === 'Review + create' && (
          <>
            <Text>
              {draft.type} load balancer <strong>{draft.name || '(no name yet)'}</strong> in{' '}
              {draft.group || '(no resource group yet)'}, {draft.members.length} members. These requests are sent:
            </Text>
            {requests.map((request) => (
              <RequestPreview key={request.url} ways={{ request }} />
            ))}
          </>
        )}
        <div className={styles.foot}>
          {step === 'Review + create' ? (
            <Button appearance="primary" disabled={busy || !isComplete} onClick={() => void create()}>
              Create
            </Button>
          ) : (
            <Button appearance="primary" onClick={() => setStep('Review + create')}>
              Review + create
            </Button>
          )}
          <Button disabled={index === 0} onClick={() => setStep(steps[index - 1] as typeof step)}>
            Previous
          </Button>
          <Button disabled={index === steps.length - 1} onClick={() => setStep(steps[index + 1] as typeof step)}>
            Next
          </Button>
          {busy && <Spinner size="tiny" label="Creating…" />}
        </div>
      </div>
    </Page>
  );
}
