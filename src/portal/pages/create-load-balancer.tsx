/** Create load balancer: the wizard with the tabs of Azure's portal. */
import {
  Button,
  Combobox,
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
import { type ArmResource, write } from '../azure/arm.js';
import type { PlannedRequest } from '../azure/http.js';
import type { NetworkInterface } from '../azure/interfaces.js';
import { useEverywhere, useGroups, useLocations, useSubscriptions, useValidation } from '../azure/queries.js';
import { useParameter } from '../ui/address.js';
import { useDraft } from '../ui/draft.js';
import { type Choice, messageFor, refusalOf } from '../ui/fields.js';
import { ErrorBar, Page } from '../ui/page.js';
import { RequestPreview } from '../ui/request-preview.js';
import { useSending } from '../ui/sending.js';
import { azForAll, terraformForAll } from './create-other-tools.js';
import {
  asked,
  balancerIdOf,
  type Draft,
  groupIdOf,
  needsNetwork,
  plannedRequests,
  required,
  type Step,
  start,
  steps,
  validationRequest,
} from './create-requests.js';
import { InterfacesForm, MembersForm } from './members-form.js';

const useStyles = makeStyles({
  form: { display: 'grid', gap: tokens.spacingVerticalM, maxWidth: '640px', padding: `${tokens.spacingVerticalL} 0` },
  section: { marginTop: tokens.spacingVerticalS },
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

export default function CreateLoadBalancer() {
  const styles = useStyles();
  const [, navigate] = useLocation();
  const subscriptions = useSubscriptions();
  const groups = useGroups();
  const locations = useLocations();
  const networks = useEverywhere<ArmResource>('Microsoft.Network/virtualNetworks');
  const addresses = useEverywhere<ArmResource>('Microsoft.Network/publicIPAddresses');
  const interfaces = useEverywhere<NetworkInterface>('Microsoft.Network/networkInterfaces');
  // What exists must be known before anything is written: it would be written over.
  const reading = [groups, networks, addresses, interfaces].some(({ isPending }) => isPending);
  const [given = 'Basics', setStep] = useParameter('tab');
  const step = steps.find((one) => one === given) ?? 'Basics';
  const { value, set: keep, clear } = useDraft<Draft>('create', start);
  const { busy, error, answers, send } = useSending();
  const draft = {
    ...start,
    ...value,
    subscriptionId: value.subscriptionId || subscriptions.data?.[0]?.subscriptionId || '',
  };
  const set = (change: Partial<Draft>): void => keep({ ...draft, ...change });
  const missing = required.filter((field) => draft[field].trim() === '');
  const reviewing = step === 'Review + create';
  const [reviewed, setReviewed] = useState(reviewing);
  const requests = plannedRequests(draft, {
    ids: [groups, networks, addresses].flatMap(({ data }) => (data ?? []).map(({ id }) => id)),
    interfaces: interfaces.data ?? [],
  });
  const validation = useValidation(validationRequest(draft, requests), {
    isDue: reviewing && !reading && missing.length === 0,
  });
  /** The newest refusal: of what was sent, or of what would be. */
  const refused = error ?? validation.error ?? undefined;
  const goTo = (next: Step): void => {
    if (next === 'Review + create') setReviewed(true);
    setStep(next === 'Basics' ? undefined : next);
  };
  /** What is wrong with a field: it is empty when the review needs it, or Azure has refused it. */
  const problemOf = (field: keyof Draft, failure: unknown = refused): string | undefined => {
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
  /** A text that is often one of those that there are. */
  const suggestion = (
    label: string,
    member: keyof Draft & string,
    { choices, ...options }: { choices: readonly Choice[]; hint?: string; required?: boolean; placeholder?: string },
  ) => {
    const { placeholder, ...rest } = options;
    const current = String(draft[member]);
    const isOne = choices.some((one) => one.value === current);
    return (
      <Field label={label} {...rest} {...refusal(member)}>
        <Combobox
          freeform
          value={current}
          placeholder={placeholder ?? ''}
          onChange={(event) => set({ [member]: event.target.value })}
          onOptionSelect={(_, { optionValue }) => optionValue !== undefined && set({ [member]: optionValue })}
        >
          {choices
            .filter((one) => isOne || `${one.text} ${one.value}`.toLowerCase().includes(current.toLowerCase()))
            .map((one) => (
              <Option key={one.value} value={one.value} text={one.text}>
                {one.text}
              </Option>
            ))}
        </Combobox>
      </Field>
    );
  };
  /** The names of those that are in the subscription, or in the resource group, of the load balancer. */
  const namesIn = (scope: string, list: readonly { id: string; name: string }[] = []): Choice[] =>
    list
      .filter(({ id }) => id.toLowerCase().startsWith(`${scope}/`.toLowerCase()))
      .map(({ name }) => ({ value: name, text: name }));
  const heading = (text: string) => (
    <Text as="h2" weight="semibold" className={styles.section}>
      {text}
    </Text>
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
  const radio = (label: string, member: keyof Draft & string, values: readonly string[]) => (
    <Field label={label}>
      <RadioGroup
        layout="horizontal"
        value={String(draft[member])}
        onChange={(_, { value: chosen }) => set({ [member]: chosen } as Partial<Draft>)}
      >
        {values.map((one) => (
          <Radio key={one} value={one} label={one} />
        ))}
      </RadioGroup>
    </Field>
  );

  /** Sends one request, and shows the tab of the field that Azure refuses. */
  async function deliver(request: PlannedRequest) {
    try {
      return await write(request);
    } catch (failure) {
      const found = Object.entries(asked).find(([field]) => problemOf(field as keyof Draft, failure));
      if (found) goTo(found[1].step);
      throw failure;
    }
  }

  async function create(): Promise<void> {
    if (!(await send(`Create ${draft.name}`, requests, deliver))) return;
    clear();
    navigate(`/load-balancer${balancerIdOf(draft)}/overview`);
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
      {refused !== undefined && <ErrorBar error={refused} />}
      <div className={styles.form}>
        {step === 'Basics' && (
          <>
            {heading('Project details')}
            {choice(
              'Subscription',
              'subscriptionId',
              (subscriptions.data ?? []).map(
                (one) => [one.subscriptionId, `${one.displayName} (${one.subscriptionId})`] as const,
              ),
            )}
            {suggestion('Resource group', 'group', {
              choices: namesIn(`/subscriptions/${draft.subscriptionId}`, groups.data),
              required: true,
              hint: 'A new one is created if it does not exist.',
            })}
            {heading('Instance details')}
            {text('Name', 'name', { required: true })}
            {suggestion('Region', 'location', {
              choices: (locations.data ?? []).map(({ name, displayName }) => ({ value: name, text: displayName })),
            })}
            {choice('SKU', 'sku', [
              ['Standard', 'Standard'],
              ['Basic', 'Basic'],
              ['Gateway', 'Gateway'],
            ])}
            {radio('Type', 'type', ['Public', 'Internal'])}
            {choice('Tier', 'tier', [
              ['Regional', 'Regional'],
              ['Global', 'Global'],
            ])}
          </>
        )}
        {step === 'Frontend IP configuration' && (
          <>
            {text('Name', 'frontend', { required: true })}
            {draft.type === 'Public' &&
              suggestion('Public IP address', 'address', {
                choices: namesIn(groupIdOf(draft), addresses.data),
                placeholder: `${draft.name}-ip`,
                hint: 'A new one is created if it does not exist.',
              })}
            {needsNetwork(draft) && (
              <>
                {suggestion('Virtual network', 'network', {
                  choices: namesIn(groupIdOf(draft), networks.data),
                  placeholder: `${draft.name}-vnet`,
                  hint: 'A new one is created if it does not exist.',
                })}
                {text('Subnet', 'subnet')}
              </>
            )}
          </>
        )}
        {step === 'Backend pools' && (
          <>
            {text('Name', 'pool', { required: true })}
            {radio('Backend Pool Configuration', 'configuration', ['NIC', 'IP address'])}
            {draft.configuration === 'NIC' ? (
              <InterfacesForm
                interfaces={interfaces.data ?? []}
                ids={draft.interfaceConfigurations}
                onChange={(ids) => set({ interfaceConfigurations: ids })}
                error={error}
              />
            ) : (
              <div>
                <MembersForm
                  pool={{ name: draft.pool, properties: { loadBalancerBackendAddresses: [...draft.members] } }}
                  onChange={({ properties }) => set({ members: properties.loadBalancerBackendAddresses ?? [] })}
                  error={error}
                />
              </div>
            )}
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
              {draft.group || '(no resource group yet)'},{' '}
              {draft.configuration === 'NIC' ? draft.interfaceConfigurations.length : draft.members.length} members.
              These requests are sent:
            </Text>
            {validation.isFetching && <Spinner size="tiny" label="Running final validation…" />}
            {(stepsWithProblems.size > 0 || validation.isError) && (
              <MessageBar intent="error" layout="multiline">
                <MessageBarBody>
                  Validation failed.{stepsWithProblems.size > 0 && ` See ${[...stepsWithProblems].join(', ')}.`}
                </MessageBarBody>
              </MessageBar>
            )}
            {stepsWithProblems.size === 0 && validation.isSuccess && (
              <MessageBar intent="success">
                <MessageBarBody>Validation passed.</MessageBarBody>
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
            <Button appearance="primary" disabled={busy || reading || missing.length > 0} onClick={() => void create()}>
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
