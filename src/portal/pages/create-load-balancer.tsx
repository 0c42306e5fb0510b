/** Create load balancer: the wizard with the tabs of Azure's portal. */
import {
  Button,
  Dropdown,
  Field,
  Input,
  MessageBar,
  MessageBarBody,
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
import { ErrorCircle16Filled } from '@fluentui/react-icons';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { write } from '../azure/arm.js';
import type { PlannedRequest } from '../azure/http.js';
import { useEverywhere, useSubscriptions } from '../azure/queries.js';
import { useParameter } from '../ui/address.js';
import { useDraft } from '../ui/draft.js';
import { messageFor, refusalOf } from '../ui/fields.js';
import { ErrorBar, Page } from '../ui/page.js';
import { RequestPreview } from '../ui/request-preview.js';
import { useSending } from '../ui/sending.js';
import { azForAll, terraformForAll } from './create-other-tools.js';
import { type Draft, plannedRequests, start } from './create-requests.js';

const useStyles = makeStyles({
  form: { display: 'grid', gap: tokens.spacingVerticalM, maxWidth: '640px', padding: `${tokens.spacingVerticalL} 0` },
  row: { display: 'grid', gridTemplateColumns: '1fr 1fr auto', gap: tokens.spacingHorizontalS, alignItems: 'end' },
  // In sight however long the requests are.
  foot: {
    display: 'flex',
    gap: tokens.spacingHorizontalM,
    alignItems: 'center',
    padding: `${tokens.spacingVerticalM} 0`,
    position: 'sticky',
    bottom: 0,
    backgroundColor: tokens.colorNeutralBackground1,
  },
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

/** A field: its tab, and how Azure's errors name it: by a member, or by the name that it holds. */
interface Asked {
  readonly step: Step;
  readonly member?: string;
  readonly isName?: true;
}

const asked: Readonly<Partial<Record<keyof Draft, Asked>>> = {
  group: { step: 'Basics', isName: true },
  name: { step: 'Basics', isName: true },
  location: { step: 'Basics', member: 'location' },
  sku: { step: 'Basics', member: 'sku' },
  tier: { step: 'Basics', member: 'tier' },
  frontend: { step: 'Frontend IP configuration', isName: true },
  address: { step: 'Frontend IP configuration', isName: true },
  network: { step: 'Frontend IP configuration', isName: true },
  subnet: { step: 'Frontend IP configuration', isName: true },
  pool: { step: 'Backend pools', isName: true },
  members: { step: 'Backend pools', member: 'ipAddress' },
  rule: { step: 'Inbound rules', isName: true },
  probe: { step: 'Inbound rules', isName: true },
  port: { step: 'Inbound rules', member: 'frontendPort' },
  backendPort: { step: 'Inbound rules', member: 'backendPort' },
  probePort: { step: 'Inbound rules', member: 'port' },
  probePath: { step: 'Inbound rules', member: 'requestPath' },
  persistence: { step: 'Inbound rules', member: 'loadDistribution' },
  outboundPorts: { step: 'Outbound rules', member: 'allocatedOutboundPorts' },
  tags: { step: 'Tags', member: 'tags' },
};

/** What must be entered before anything is sent. */
const required = ['group', 'name', 'frontend', 'pool', 'rule', 'probe', 'port', 'backendPort', 'probePort'] as const;

export default function CreateLoadBalancer() {
  const styles = useStyles();
  const [, navigate] = useLocation();
  const subscriptions = useSubscriptions();
  const addresses = useEverywhere<{ name: string }>('Microsoft.Network/publicIPAddresses');
  const [given = 'Basics', setStep] = useParameter('tab');
  const step = steps.find((one) => one === given) ?? 'Basics';
  const { value, set: keep, clear } = useDraft<Draft>('create', start);
  const { busy, error, answers, send } = useSending();
  const draft = { ...value, subscriptionId: value.subscriptionId || subscriptions.data?.[0]?.subscriptionId || '' };
  const set = (change: Partial<Draft>): void => keep({ ...draft, ...change });
  const missing = required.filter((field) => draft[field].trim() === '');
  const reviewing = step === 'Review + create';
  const [reviewed, setReviewed] = useState(reviewing);
  const goTo = (next: Step): void => {
    if (next === 'Review + create') setReviewed(true);
    setStep(next === 'Basics' ? undefined : next);
  };
  /** What is wrong with a field: it is empty when the review needs it, or Azure has refused it. */
  const problemOf = (field: keyof Draft, failure: unknown = error): string | undefined => {
    if (reviewed && (missing as readonly string[]).includes(field)) return 'The value must not be empty.';
    const { member, isName } = asked[field] ?? {};
    // A name that is left empty is made from the load balancer's.
    return messageFor(failure, isName ? { name: String(draft[field]) || draft.name } : { member });
  };
  const refusal = (field: keyof Draft) => refusalOf(problemOf(field));
  const stepsWithProblems = new Set(
    Object.entries(asked).flatMap(([field, place]) => (problemOf(field as keyof Draft) ? [place.step] : [])),
  );
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

  /** Sends one request, and shows the tab of the field that Azure refuses. */
  async function deliver(request: PlannedRequest) {
    try {
      return await write(request);
    } catch (failure) {
      const refused = Object.entries(asked).find(([field]) => problemOf(field as keyof Draft, failure));
      if (refused) goTo(refused[1].step);
      throw failure;
    }
  }

  async function create(): Promise<void> {
    if (!(await send(`Create ${draft.name}`, requests, deliver))) return;
    clear();
    navigate(`/load-balancer${last.url.split('?')[0]}/overview`);
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
        onTabSelect={(_, { value: chosen }) => goTo(chosen as Step)}
        style={{ flexWrap: 'wrap' }}
      >
        {steps.map((one) => (
          <Tab
            key={one}
            value={one}
            {...(stepsWithProblems.has(one) && {
              icon: <ErrorCircle16Filled primaryFill={tokens.colorPaletteRedForeground1} title="Has errors" />,
            })}
          >
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
                onChange={(_, { value: chosen }) => set({ type: chosen as Draft['type'] })}
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
              <Field
                label="Public IP address"
                hint="A new one is created if it does not exist."
                {...refusal('address')}
              >
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
            <Field label="Virtual network" hint="A new one is created if it does not exist." {...refusal('network')}>
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
        {reviewing && (
          <>
            <Text>
              {draft.type} load balancer <strong>{draft.name || '(no name yet)'}</strong> in{' '}
              {draft.group || '(no resource group yet)'}, {draft.members.length} members. These requests are sent:
            </Text>
            {stepsWithProblems.size > 0 && (
              <MessageBar intent="error" layout="multiline">
                <MessageBarBody>Validation failed. See {[...stepsWithProblems].join(', ')}.</MessageBarBody>
              </MessageBar>
            )}
            <RequestPreview
              requests={requests}
              ways={{ az: () => azForAll(requests), Terraform: () => terraformForAll(requests) }}
              answers={answers}
            />
          </>
        )}
        <div className={styles.foot}>
          {reviewing ? (
            <Button appearance="primary" disabled={busy || missing.length > 0} onClick={() => void create()}>
              Create
            </Button>
          ) : (
            <Button appearance="primary" onClick={() => goTo('Review + create')}>
              Review + create
            </Button>
          )}
          <Button disabled={index === 0} onClick={() => goTo(steps[index - 1] as Step)}>
            Previous
          </Button>
          <Button disabled={index === steps.length - 1} onClick={() => goTo(steps[index + 1] as Step)}>
            Next
          </Button>
          {busy && <Spinner size="tiny" label="Creating…" />}
        </div>
      </div>
    </Page>
  );
}
