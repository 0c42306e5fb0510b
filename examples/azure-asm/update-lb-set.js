// A cloud service with azure-asm-compute, whose load-balanced set UpdateLbSet switches to sourceIP.
const { promisify } = require('node:util');
const { createCertificateCloudCredentials, createComputeManagementClient } = require('azure-asm-compute');

const { AZURE_SUBSCRIPTION_ID: subscriptionId, LAZURITE_URL: url } = process.env;
// The client asks for a certificate and sends it over HTTPS only. Without `--auth token` nobody looks at it.
const credentials = createCertificateCloudCredentials({ subscriptionId, cert: 'any', key: 'any' });
const compute = createComputeManagementClient(credentials, url.replace('https:', 'http:'));
// Seconds between two looks at an operation; 30 by default.
compute.longRunningOperationInitialTimeout = 0;
compute.longRunningOperationRetryTimeout = 0;

const call = (operations, name) => promisify(operations[name]).bind(operations);
const probe = { protocol: 'http', port: 8080, path: '/' };
const endpoint = { loadBalancedEndpointSetName: 'web', protocol: 'tcp', port: 8080, localPort: 8080 };
const role = (roleName) => ({
  roleName,
  roleType: 'PersistentVMRole',
  roleSize: 'Small',
  configurationSets: [
    {
      configurationSetType: 'NetworkConfiguration',
      inputEndpoints: [{ ...endpoint, name: 'HttpIn', loadBalancerProbe: probe }],
    },
  ],
});

async function main() {
  await call(compute.hostedServices, 'create')({ serviceName: 'shop', label: 'shop', location: 'West US' });
  const { status: created } = await call(compute.virtualMachines, 'createDeployment')('shop', {
    name: 'shop',
    label: 'shop',
    deploymentSlot: 'Production',
    roles: [role('vm1'), role('vm2')],
  });
  console.log(`CreateDeployment: ${created}`);
  const { status } = await call(compute.virtualMachines, 'updateLoadBalancedEndpointSet')('shop', 'shop', {
    loadBalancedEndpoints: [{ ...endpoint, loadBalancerProbe: probe, loadBalancerDistribution: 'sourceIP' }],
  });
  console.log(`UpdateLbSet: ${status}`);
  const { roles } = await call(compute.deployments, 'getByName')('shop', 'shop');
  console.log(roles.map(({ roleName }) => roleName).join());
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
