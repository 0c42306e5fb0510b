/** What the demo asks of the classic Service Management API: XML over plain HTTP, as a client of 2014 sent it. */
import type { LoadDistribution } from './azure.js';
import { until } from './azure.js';

const azureNamespace = 'xmlns="http://schemas.microsoft.com/windowsazure"';
const networkNamespace = 'xmlns="http://schemas.microsoft.com/ServiceHosting/2011/07/NetworkConfiguration"';
/** The version that brought LoadBalancerDistribution. */
const apiVersion = '2014-09-01';
const service = 'services/hostedservices/demo';
const deployment = `${service}/deployments/demo`;
const transports = ['tcp', 'udp'] as const;

/** How LoadBalancerDistribution says what Resource Manager calls loadDistribution. */
export const classicDistributions: Readonly<Record<LoadDistribution, string>> = {
  Default: 'none',
  SourceIP: 'sourceIP',
  SourceIPProtocol: 'sourceIPProtocol',
};

interface Ports {
  readonly frontend: number;
  readonly backend: number;
}

const probe = ({ backend }: Ports): string =>
  `<LoadBalancerProbe><Path>/health</Path><Port>${backend}</Port><Protocol>http</Protocol><IntervalInSeconds>60</IntervalInSeconds><TimeoutInSeconds>121</TimeoutInSeconds></LoadBalancerProbe>`;

const idleTimeout = (transport: string): string =>
  transport === 'tcp' ? '<IdleTimeoutInMinutes>30</IdleTimeoutInMinutes>' : '';

/** One virtual machine with an endpoint in the set of each protocol. */
function role(name: string, ports: Ports): string {
  const endpoints = transports.map(
    (transport) =>
      `<InputEndpoint><LoadBalancedEndpointSetName>${transport}</LoadBalancedEndpointSetName><LocalPort>${ports.backend}</LocalPort><Name>${transport}</Name><Port>${ports.frontend}</Port>${probe(ports)}<Protocol>${transport}</Protocol>${idleTimeout(transport)}</InputEndpoint>`,
  );
  return `<Role><RoleName>${name}</RoleName><RoleType>PersistentVMRole</RoleType><ConfigurationSets><ConfigurationSet><ConfigurationSetType>NetworkConfiguration</ConfigurationSetType><InputEndpoints>${endpoints.join('')}</InputEndpoints><SubnetNames><SubnetName>vms</SubnetName></SubnetNames></ConfigurationSet></ConfigurationSets><RoleSize>Small</RoleSize></Role>`;
}

/** One subscription of the classic API. */
export class DemoClassic {
  readonly #url: string;

  constructor(httpUrl: string, subscriptionId: string) {
    this.#url = `${httpUrl}/${subscriptionId}`;
  }

  /** A cloud service whose machines have the subnet's first addresses, in one set per protocol; answers its VIP. */
  async createDeployment(ports: Ports, { subnetPrefix, machines }: { subnetPrefix: string; machines: number }) {
    const site = `<VirtualNetworkSite name="VNet" Location="West Europe"><AddressSpace><AddressPrefix>${subnetPrefix}</AddressPrefix></AddressSpace><Subnets><Subnet name="vms"><AddressPrefix>${subnetPrefix}</AddressPrefix></Subnet></Subnets></VirtualNetworkSite>`;
    await this.#send(
      'PUT',
      'services/networking/media',
      `<NetworkConfiguration ${networkNamespace}><VirtualNetworkConfiguration><VirtualNetworkSites>${site}</VirtualNetworkSites></VirtualNetworkConfiguration></NetworkConfiguration>`,
    );
    await this.#send(
      'POST',
      'services/hostedservices',
      `<CreateHostedService ${azureNamespace}><ServiceName>demo</ServiceName><Label>ZGVtbw==</Label><Location>West Europe</Location></CreateHostedService>`,
    );
    const roles = Array.from({ length: machines }, (_, index) => role(`vm${index + 1}`, ports));
    await this.#send(
      'POST',
      `${service}/deployments`,
      `<Deployment ${azureNamespace}><Name>demo</Name><DeploymentSlot>Production</DeploymentSlot><Label>demo</Label><RoleList>${roles.join('')}</RoleList><VirtualNetworkName>VNet</VirtualNetworkName></Deployment>`,
    );
    const shown = await this.#send('GET', deployment);
    return /<VirtualIP><Address>([\d.]+)</.exec(shown)?.[1] ?? '';
  }

  /** Switches both sets in one UpdateLbSet; everything that it does not name is kept. */
  async switchTo(mode: LoadDistribution): Promise<void> {
    const sets = transports.map(
      (transport) =>
        `<InputEndpoint><LoadBalancedEndpointSetName>${transport}</LoadBalancedEndpointSetName><LoadBalancerDistribution>${classicDistributions[mode]}</LoadBalancerDistribution></InputEndpoint>`,
    );
    const body = `<LoadBalancedEndpointList ${azureNamespace}>${sets.join('')}</LoadBalancedEndpointList>`;
    await this.#send('POST', `${deployment}?comp=UpdateLbSet`, body);
  }

  /** Sends a request and follows its operation to the end. */
  async #send(method: string, path: string, body?: string): Promise<string> {
    const headers = { 'x-ms-version': apiVersion, 'content-type': 'application/xml' };
    const answer = await fetch(`${this.#url}/${path}`, { method, headers, ...(body !== undefined && { body }) });
    const text = await answer.text();
    if (!answer.ok) throw new TypeError(`The classic API answered ${answer.status}: ${text}`);
    if (answer.status !== 202) return text;
    const operation = `operations/${answer.headers.get('x-ms-request-id')}`;
    return until(async () => {
      const polled = await this.#send('GET', operation);
      if (polled.includes('<Status>Failed<')) throw new TypeError(`The classic API says: ${polled}`);
      return polled.includes('<Status>Succeeded<') ? polled : undefined;
    });
  }
}
