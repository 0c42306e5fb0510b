/** Names, versions and bodies for the classic document that work one after the other in an empty Lazurite. */
import { defaultSubscriptionId } from '../../config/config-values.js';
import { azureNamespace } from './xml/xml.js';

/** What stands for a parameter of a path. */
export const exampleParameters: Readonly<Record<string, string>> = {
  subscriptionId: defaultSubscriptionId,
  service: 'cloud',
  deployment: 'cloud',
  slot: 'Production',
  role: 'MyVM1',
};

/** The version that an operation is asked for with: one of every client's, or the first that has it. */
export const exampleVersion = (since: string): string => (since > '2014-10-01' ? since : '2014-10-01');

const endpoint = (members: string): string =>
  `<InputEndpoint>
    <LoadBalancedEndpointSetName>LBSet1</LoadBalancedEndpointSetName>
    <LocalPort>8080</LocalPort>${members}
    <Port>8080</Port>
    <LoadBalancerProbe><Path>/</Path><Port>8080</Port><Protocol>http</Protocol></LoadBalancerProbe>
    <Protocol>tcp</Protocol>`;

const role = (name: string): string => `<Role>
  <RoleName>${name}</RoleName>
  <RoleType>PersistentVMRole</RoleType>
  <ConfigurationSets><ConfigurationSet>
    <ConfigurationSetType>NetworkConfiguration</ConfigurationSetType>
    <InputEndpoints>${endpoint('<Name>HttpIn</Name>')}</InputEndpoint></InputEndpoints>
  </ConfigurationSet></ConfigurationSets>
  <RoleSize>Small</RoleSize>
</Role>`;

/** Bodies by operation; of the others the schema shows the form. */
export const exampleBodies: Readonly<Record<string, string>> = {
  'Create Cloud Service': `<CreateHostedService xmlns="${azureNamespace}">
  <ServiceName>cloud</ServiceName>
  <Label>Y2xvdWQ=</Label>
  <Location>West US</Location>
</CreateHostedService>`,
  'Create Virtual Machine Deployment': `<Deployment xmlns="${azureNamespace}">
  <Name>cloud</Name>
  <DeploymentSlot>Production</DeploymentSlot>
  <Label>cloud</Label>
  <RoleList>${role('MyVM1')}${role('MyVM2')}</RoleList>
</Deployment>`,
  'Update Load-Balanced Endpoint Set': `<LoadBalancedEndpointList xmlns="${azureNamespace}">
  ${endpoint('')}
    <LoadBalancerDistribution>sourceIP</LoadBalancerDistribution>
  </InputEndpoint>
</LoadBalancedEndpointList>`,
};
