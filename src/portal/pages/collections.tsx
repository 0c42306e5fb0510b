/** The parts of a load balancer that the portal edits: what each list shows, and what each form asks. */
import type {
  Child,
  Collection,
  FrontendIPConfiguration,
  InboundNatRule,
  LoadBalancer,
  LoadBalancingRule,
  LoadDistribution,
  OutboundRule,
  Probe,
  Reference,
} from '../azure/arm.js';
import { sameId } from '../azure/arm.js';
import type { OutboundView } from '../azure/emulator.js';
import type { Choice, FieldSpec } from '../ui/fields.js';

/** Azure portal's words for `loadDistribution`. */
export const sessionPersistence: Readonly<Record<LoadDistribution, string>> = {
  Default: 'None',
  SourceIP: 'Client IP',
  SourceIPProtocol: 'Client IP and protocol',
};

export const persistenceOf = ({ loadDistribution }: LoadBalancingRule): string =>
  sessionPersistence[loadDistribution ?? 'Default'];

const references = (children: readonly Child<unknown>[], base: string): Choice[] =>
  children.map(({ name, id }) => ({ value: id ?? `${base}/${name}`, text: name }));

const protocols: readonly Choice[] = [
  { value: 'Tcp', text: 'TCP' },
  { value: 'Udp', text: 'UDP' },
  { value: 'All', text: 'All (HA ports)' },
];

type Named<P> = Child<P>;

/** What a form knows beside the load balancer. */
export interface FieldOptions {
  readonly isNew: boolean;
  readonly publicIps: readonly Choice[];
  readonly subnets: readonly Choice[];
}

/** A field of `properties`. */
function property<P extends object>(
  member: keyof P & string,
  rest: Omit<FieldSpec<Named<P>>, 'member' | 'get' | 'set'>,
): FieldSpec<Named<P>> {
  return {
    ...rest,
    member,
    get: ({ properties }) => properties[member] as string,
    set: (child, input) => ({ ...child, properties: { ...child.properties, [member]: input } }),
  };
}

/** A field that names another part, as `{ id }`. Choosing nothing takes the member away. */
function reference<P extends object>(
  member: keyof P & string,
  rest: Omit<FieldSpec<Named<P>>, 'member' | 'get' | 'set' | 'kind'>,
): FieldSpec<Named<P>> {
  return {
    ...rest,
    kind: 'choice',
    member,
    get: ({ properties }) => (properties[member] as Reference | undefined)?.id ?? '',
    set: (child, input) => {
      const { [member]: _, ...others } = child.properties;
      return { ...child, properties: (input === '' ? others : { ...others, [member]: { id: input } }) as P };
    },
  };
}

/** The field of a new part's name. */
export const nameField = <P,>(): FieldSpec<Named<P>>[] => [
  {
    label: 'Name',
    member: 'name',
    kind: 'text',
    required: true,
    get: (child) => child.name,
    set: (child, input: string) => ({ ...child, name: input }),
  } as FieldSpec<Named<P>>,
];

const idleTimeout = <P extends { idleTimeoutInMinutes?: number }>() =>
  property<P>('idleTimeoutInMinutes' as keyof P & string, {
    label: 'Idle timeout (minutes)',
    kind: 'number',
    hint: '4 to 100 (rules), 4 to 120 (outbound rules)',
  });

const tcpReset = <P extends object>() =>
  property<P>('enableTcpReset' as keyof P & string, { label: 'Enable TCP reset', kind: 'switch' });
const floatingIp = <P extends object>() =>
  property<P>('enableFloatingIP' as keyof P & string, { label: 'Enable Floating IP', kind: 'switch' });

export function ruleFields(lb: LoadBalancer, { isNew }: FieldOptions): FieldSpec<Named<LoadBalancingRule>>[] {
  const { frontendIPConfigurations, backendAddressPools, probes } = lb.properties;
  return [
    ...(isNew ? nameField<LoadBalancingRule>() : []),
    reference('frontendIPConfiguration', {
      label: 'Frontend IP address',
      required: true,
      choices: () => references(frontendIPConfigurations, `${lb.id}/frontendIPConfigurations`),
    }),
    {
      ...reference<LoadBalancingRule>('backendAddressPool', {
        label: 'Backend pool',
        choices: () => references(backendAddressPools, `${lb.id}/backendAddressPools`),
      }),
      // Azure keeps the pool twice, and both must say the same.
      set: (child, input: string) => {
        const { backendAddressPools: _, ...others } = child.properties;
        return { ...child, properties: { ...others, backendAddressPool: { id: input } } };
      },
    } as FieldSpec<Named<LoadBalancingRule>>,
    property('protocol', { label: 'Protocol', kind: 'choice', choices: () => protocols }),
    property('frontendPort', { label: 'Port', kind: 'number', required: true }),
    property('backendPort', { label: 'Backend port', kind: 'number', required: true }),
    reference('probe', {
      label: 'Health probe',
      choices: () => [{ value: '', text: '(none)' }, ...references(probes, `${lb.id}/probes`)],
    }),
    property('loadDistribution', {
      label: 'Session persistence',
      kind: 'choice',
      choices: () => Object.entries(sessionPersistence).map(([value, text]) => ({ value, text })),
      hint: 'None: 5-tuple hash. Client IP: 2-tuple. Client IP and protocol: 3-tuple.',
    }),
    idleTimeout<LoadBalancingRule>(),
    tcpReset<LoadBalancingRule>(),
    floatingIp<LoadBalancingRule>(),
    {
      label: 'Outbound SNAT',
      member: 'disableOutboundSnat',
      kind: 'switch',
      hint: 'Off: members do not use this frontend for outbound connections.',
      get: ({ properties }) => properties.disableOutboundSnat !== true,
      set: (child, input: boolean) => ({ ...child, properties: { ...child.properties, disableOutboundSnat: !input } }),
    } as FieldSpec<Named<LoadBalancingRule>>,
  ];
}

export function probeFields(_lb: LoadBalancer, { isNew }: FieldOptions): FieldSpec<Named<Probe>>[] {
  return [
    ...(isNew ? nameField<Probe>() : []),
    property('protocol', {
      label: 'Protocol',
      kind: 'choice',
      choices: () => ['Tcp', 'Http', 'Https'].map((value) => ({ value, text: value.toUpperCase() })),
    }),
    property('port', { label: 'Port', kind: 'number', required: true }),
    property('requestPath', {
      label: 'Path',
      kind: 'text',
      visible: ({ properties }) => properties.protocol !== 'Tcp',
    }),
    property('intervalInSeconds', { label: 'Interval (seconds)', kind: 'number' }),
    property('probeThreshold', {
      label: 'Probe threshold',
      kind: 'number',
      hint: 'Probes in a row that change the state',
    }),
  ];
}

export function frontendFields(
  _lb: LoadBalancer,
  { isNew, publicIps, subnets }: FieldOptions,
): FieldSpec<Named<FrontendIPConfiguration>>[] {
  const isInternal = ({ properties }: Named<FrontendIPConfiguration>): boolean => properties.subnet !== undefined;
  const asReference = (
    member: 'publicIPAddress' | 'subnet',
    rest: Pick<FieldSpec<Named<FrontendIPConfiguration>>, 'label' | 'hint' | 'choices' | 'visible'>,
  ) => ({ ...reference<FrontendIPConfiguration>(member, rest), kind: 'combo' as const });
  return [
    ...(isNew ? nameField<FrontendIPConfiguration>() : []),
    asReference('publicIPAddress', {
      label: 'Public IP address (resource id)',
      hint: 'For a public load balancer',
      choices: () => publicIps,
      visible: (child) => !isInternal(child),
    }),
    asReference('subnet', {
      label: 'Subnet (resource id)',
      hint: 'For an internal load balancer',
      choices: () => subnets,
      visible: ({ properties }) => properties.publicIPAddress === undefined,
    }),
    property('privateIPAllocationMethod', {
      label: 'Assignment',
      kind: 'choice',
      choices: () => ['Dynamic', 'Static'].map((value) => ({ value, text: value })),
      visible: isInternal,
    }),
    property('privateIPAddress', {
      label: 'IP address',
      kind: 'text',
      visible: (child) => isInternal(child) && child.properties.privateIPAllocationMethod === 'Static',
    }),
  ];
}

export function natRuleFields(lb: LoadBalancer, { isNew }: FieldOptions): FieldSpec<Named<InboundNatRule>>[] {
  const { frontendIPConfigurations, backendAddressPools } = lb.properties;
  const ofPool = ({ properties }: Named<InboundNatRule>): boolean => properties.backendAddressPool !== undefined;
  return [
    ...(isNew ? nameField<InboundNatRule>() : []),
    reference('frontendIPConfiguration', {
      label: 'Frontend IP address',
      required: true,
      choices: () => references(frontendIPConfigurations, `${lb.id}/frontendIPConfigurations`),
    }),
    reference('backendAddressPool', {
      label: 'Target backend pool',
      choices: () => [
        { value: '', text: '(a virtual machine)' },
        ...references(backendAddressPools, `${lb.id}/backendAddressPools`),
      ],
    }),
    property('protocol', { label: 'Protocol', kind: 'choice', choices: () => protocols.slice(0, 2) }),
    property('frontendPort', { label: 'Frontend port', kind: 'number', visible: (child) => !ofPool(child) }),
    property('frontendPortRangeStart', { label: 'Frontend port range start', kind: 'number', visible: ofPool }),
    property('frontendPortRangeEnd', { label: 'Frontend port range end', kind: 'number', visible: ofPool }),
    property('backendPort', { label: 'Backend port', kind: 'number', required: true }),
    idleTimeout<InboundNatRule>(),
    tcpReset<InboundNatRule>(),
    floatingIp<InboundNatRule>(),
  ];
}

export function outboundRuleFields(lb: LoadBalancer, { isNew }: FieldOptions): FieldSpec<Named<OutboundRule>>[] {
  const { frontendIPConfigurations, backendAddressPools } = lb.properties;
  return [
    ...(isNew ? nameField<OutboundRule>() : []),
    {
      label: 'Frontend IP addresses',
      member: 'frontendIPConfigurations',
      kind: 'many',
      required: true,
      choices: () => references(frontendIPConfigurations, `${lb.id}/frontendIPConfigurations`),
      get: ({ properties }) => properties.frontendIPConfigurations.map(({ id }) => id),
      set: (child, input: string[]) => ({
        ...child,
        properties: { ...child.properties, frontendIPConfigurations: input.map((id) => ({ id })) },
      }),
    } as FieldSpec<Named<OutboundRule>>,
    reference('backendAddressPool', {
      label: 'Backend pool',
      required: true,
      choices: () => references(backendAddressPools, `${lb.id}/backendAddressPools`),
    }),
    property('protocol', { label: 'Protocol', kind: 'choice', choices: () => protocols }),
    property('allocatedOutboundPorts', {
      label: 'Ports per instance',
      kind: 'number',
      hint: 'A multiple of 8; 0 lets Azure choose',
    }),
    idleTimeout<OutboundRule>(),
    tcpReset<OutboundRule>(),
  ];
}

/** What a new part starts with. */
export const fresh: { readonly [C in Exclude<Collection, 'backendAddressPools'>]: (lb: LoadBalancer) => Child<never> } =
  {
    frontendIPConfigurations: () => ({ name: '', properties: {} as never }),
    loadBalancingRules: (lb) => ({
      name: '',
      properties: {
        frontendIPConfiguration: firstOf(lb, 'frontendIPConfigurations'),
        backendAddressPool: firstOf(lb, 'backendAddressPools'),
        protocol: 'Tcp',
        frontendPort: 80,
        backendPort: 80,
        loadDistribution: 'Default',
        idleTimeoutInMinutes: 4,
      } as never,
    }),
    probes: () => ({
      name: '',
      properties: { protocol: 'Tcp', port: 80, intervalInSeconds: 5, probeThreshold: 1 } as never,
    }),
    inboundNatRules: (lb) => ({
      name: '',
      properties: {
        frontendIPConfiguration: firstOf(lb, 'frontendIPConfigurations'),
        protocol: 'Tcp',
        frontendPort: 22,
        backendPort: 22,
        idleTimeoutInMinutes: 4,
      } as never,
    }),
    outboundRules: (lb) => ({
      name: '',
      properties: {
        frontendIPConfigurations: [firstOf(lb, 'frontendIPConfigurations')].filter(Boolean),
        backendAddressPool: firstOf(lb, 'backendAddressPools'),
        protocol: 'All',
        idleTimeoutInMinutes: 4,
      } as never,
    }),
  };

const firstOf = (lb: LoadBalancer, collection: Collection): Reference | undefined => {
  const first = lb.properties[collection][0];
  return first && { id: `${lb.id}/${collection}/${first.name}` };
};

/** The balancer with `child` in a collection: in the place of the one of that name, or at the end. */
export function withChild<P>(lb: LoadBalancer, collection: Collection, child: Child<P>): LoadBalancer {
  const before = lb.properties[collection] as Child<unknown>[];
  const index = before.findIndex((one) => one.name.toLowerCase() === child.name.toLowerCase());
  const after = index < 0 ? [...before, child] : before.map((one, at) => (at === index ? child : one));
  return { ...lb, properties: { ...lb.properties, [collection]: after } };
}

export function withoutChild(lb: LoadBalancer, collection: Collection, childName: string): LoadBalancer {
  const before = lb.properties[collection] as Child<unknown>[];
  return { ...lb, properties: { ...lb.properties, [collection]: before.filter(({ name: one }) => one !== childName) } };
}

/** Ports of one frontend that outbound connections may come from. */
const portsPerFrontend = 64_000;
/** A rule takes the whole block of ports that its own stands in. */
const portsInBlock = 8;

/** The ports that the rules of a frontend listen on. */
const listenedOn = (lb: LoadBalancer, frontendId: string): number[] => [
  ...lb.properties.loadBalancingRules
    .filter(({ properties }) => sameId(properties.frontendIPConfiguration?.id, frontendId))
    .map(({ properties }) => properties.frontendPort),
  ...lb.properties.inboundNatRules
    .filter(({ properties }) => sameId(properties.frontendIPConfiguration?.id, frontendId))
    .flatMap(({ properties: { frontendPort, frontendPortRangeStart: first = 0, frontendPortRangeEnd: last = 0 } }) =>
      frontendPort ? [frontendPort] : Array.from({ length: last - first + 1 }, (_, index) => first + index),
    ),
];

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** The outbound ports of a rule's frontends: all of them, and those that are neither lent to members nor taken by rules. */
export function frontendPorts(
  lb: LoadBalancer,
  rule: Child<OutboundRule>,
  outbound: readonly OutboundView[],
): { readonly all: number; readonly free: number } {
  const frontends = rule.properties.frontendIPConfigurations;
  const all = frontends.length * portsPerFrontend;
  const ruleId = rule.id ?? `${lb.id}/outboundRules/${rule.name}`;
  const addresses = new Set(
    outbound.filter((one) => sameId(one.rule, ruleId)).map(({ frontendAzureAddress }) => frontendAzureAddress),
  );
  const lent = ['tcp', 'udp'].map((protocol) =>
    sum(
      outbound
        .filter((one) => one.transport === protocol && addresses.has(one.frontendAzureAddress))
        .map(({ firstPort, lastPort }) => lastPort - firstPort + 1),
    ),
  );
  const blocks = frontends.map(
    ({ id }) =>
      new Set(
        listenedOn(lb, id)
          .filter((port) => port !== 0)
          .map((port) => Math.floor(port / portsInBlock)),
      ).size,
  );
  return { all, free: Math.max(0, all - Math.max(...lent) - sum(blocks) * portsInBlock) };
}

/** The rules that use a probe. */
export const usersOf = (lb: LoadBalancer, probeId: string | undefined): string[] =>
  lb.properties.loadBalancingRules
    .filter(({ properties }) => sameId(properties.probe?.id, probeId))
    .map((rule) => rule.name);
