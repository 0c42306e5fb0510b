#!/usr/bin/env bash
# A cloud service with two machines in a load-balanced set, whose distribution UpdateLbSet changes to sourceIP.
set -euo pipefail

services=$LAZURITE_URL/$AZURE_SUBSCRIPTION_ID/services/hostedservices
xmlns='xmlns="http://schemas.microsoft.com/windowsazure"'
xml() { curl -fsS -H 'x-ms-version: 2014-10-01' -H 'Content-Type: application/xml' "$@"; }
# Waits for the operation that the headers of an answer name.
finish() {
  local id status=InProgress
  id=$(tr -d '\r' | sed -n 's/^x-ms-request-id: //Ip')
  while [ "$status" = InProgress ]; do
    status=$(xml "$LAZURITE_URL/$AZURE_SUBSCRIPTION_ID/operations/$id" | sed -n 's:.*<Status>\([A-Za-z]*\)</Status>.*:\1:p')
  done
  echo "$1: $status"
  [ "$status" = Succeeded ]
}
role() {
  echo "<Role><RoleName>$1</RoleName><RoleType>PersistentVMRole</RoleType><ConfigurationSets><ConfigurationSet>
    <ConfigurationSetType>NetworkConfiguration</ConfigurationSetType><InputEndpoints><InputEndpoint>
      <LoadBalancedEndpointSetName>web</LoadBalancedEndpointSetName><LocalPort>8080</LocalPort><Name>HttpIn</Name>
      <Port>8080</Port><LoadBalancerProbe><Path>/</Path><Port>8080</Port><Protocol>http</Protocol></LoadBalancerProbe>
      <Protocol>tcp</Protocol></InputEndpoint></InputEndpoints></ConfigurationSet></ConfigurationSets>
    <RoleSize>Small</RoleSize></Role>"
}

xml -X POST "$services" -d "<CreateHostedService $xmlns><ServiceName>shop</ServiceName><Label>c2hvcA==</Label>
  <Location>West US</Location></CreateHostedService>"
xml -X POST -D - -o /dev/null "$services/shop/deployments" -d "<Deployment $xmlns><Name>shop</Name>
  <DeploymentSlot>Production</DeploymentSlot><Label>shop</Label><RoleList>$(role vm1)$(role vm2)</RoleList></Deployment>" |
  finish CreateDeployment
xml -X POST -D - -o /dev/null "$services/shop/deployments/shop?comp=UpdateLbSet" -d "<LoadBalancedEndpointList $xmlns>
  <InputEndpoint><LoadBalancedEndpointSetName>web</LoadBalancedEndpointSetName><LocalPort>8080</LocalPort><Port>8080</Port>
    <LoadBalancerProbe><Path>/</Path><Port>8080</Port><Protocol>http</Protocol></LoadBalancerProbe><Protocol>tcp</Protocol>
    <LoadBalancerDistribution>sourceIP</LoadBalancerDistribution></InputEndpoint></LoadBalancedEndpointList>" |
  finish UpdateLbSet
xml "$services/shop/deploymentslots/Production" |
  grep -o '<LoadBalancerDistribution>sourceIP</LoadBalancerDistribution>' | head -1
