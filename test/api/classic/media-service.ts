/** The media upload service: its definition, its configuration, and the package as the Azure SDK makes it. */
import { writeZip } from './zip.js';

export const csdef = `\uFEFF<?xml version="1.0" encoding="utf-8"?>
<ServiceDefinition name="MediaService" upgradeDomainCount="3" xmlns="http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceDefinition">
  <LoadBalancerProbes>
    <LoadBalancerProbe name="health" protocol="HTTP" path="/health" intervalInSeconds="5" timeoutInSeconds="100"/>
    <LoadBalancerProbe name="alive" protocol="tcp" port="9000"/>
  </LoadBalancerProbes>
  <WebRole name="Upload" vmsize="Small">
    <Endpoints>
      <InputEndpoint name="Web" protocol="https" port="443" localPort="*" loadBalancerDistribution="SourceIP" loadBalancerProbe="Health"/>
      <InputEndpoint name="Media" protocol="udp" port="5000" localPort="5001" loadBalancerDistribution="sourceIPProtocol"/>
      <InternalEndpoint name="Inside" protocol="tcp"/>
    </Endpoints>
  </WebRole>
  <WorkerRole name="Worker">
    <Endpoints>
      <InputEndpoint name="Private" protocol="tcp" port="1433" loadBalancer="ilb" idleTimeoutInMinutes="10" loadBalancerProbe="alive"/>
      <InstanceInputEndpoint name="Debug" protocol="tcp" localPort="4020"><AllocatePublicPortFrom><FixedPortRange min="10100" max="10102"/></AllocatePublicPortFrom></InstanceInputEndpoint>
    </Endpoints>
  </WorkerRole>
</ServiceDefinition>`;

export const cscfg = ({
  uploads = 2,
  network = '',
} = {}) => `<ServiceConfiguration serviceName="MediaService" osFamily="4" osVersion="*" xmlns="http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceConfiguration">
  <Role name="Upload"><Instances count="${uploads}"/><ConfigurationSettings/></Role>
  <Role name="Worker"><Instances count="3"/></Role>
  <NetworkConfiguration>
    <AccessControls><AccessControl name="office"><Rule order="200" action="deny" remoteSubnet="175.1.0.0/24" description="d"/><Rule order="100" action="PERMIT" remoteSubnet="175.0.0.0/8"/></AccessControl></AccessControls>
    <EndpointAcls><EndpointAcl role="upload" endPoint="web" accessControl="Office"/></EndpointAcls>
    <AddressAssignments><InstanceAddress roleName="Worker"><PublicIPs><PublicIP name="pip" idleTimeoutInMinutes="15" domainNameLabel="w"/></PublicIPs></InstanceAddress></AddressAssignments>
    <LoadBalancers><LoadBalancer name="ilb"><FrontendIPConfiguration type="private"/></LoadBalancer></LoadBalancers>${network}
  </NetworkConfiguration>
</ServiceConfiguration>`;

/** A package as the Azure SDK makes it: a zip whose relationships lead to another zip. */
const relationships = (target: string) =>
  `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Type="t" Target="/x.csmx" Id="SERVICEMODEL"/><Relationship Type="t" Target="/${target}" Id="SERVICEDESCRIPTION"/></Relationships>`;
export const csdx = writeZip([
  { name: 'readme.txt', data: 'no definition' },
  { name: 'ServiceDefinition.csdef', data: csdef },
]);
export const cspkg = writeZip([
  { name: '_rels/.rels', data: relationships('SDPackage.csdx') },
  { name: 'SDPackage.csdx', data: csdx, stored: true },
]);
