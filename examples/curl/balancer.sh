#!/usr/bin/env bash
# A load balancer in front of two backends, in SourceIP mode: each client stays with one of them.
set -euo pipefail

put() {
  curl -fsS -o /dev/null -X PUT "$LAZURITE_URL$1?api-version=2024-05-01" -H 'Content-Type: application/json' -d "$2"
}

group=/subscriptions/$AZURE_SUBSCRIPTION_ID/resourceGroups/demo
network=$group/providers/Microsoft.Network
put "$group" '{"location": "westeurope"}'
put "$network/virtualNetworks/vnet" '{"location": "westeurope", "properties": {
  "addressSpace": {"addressPrefixes": ["10.44.0.0/24"]}}}'
put "$network/publicIPAddresses/ip" '{"location": "westeurope", "sku": {"name": "Standard"},
  "properties": {"publicIPAllocationMethod": "Static"}}'
put "$network/loadBalancers/lb" '{"location": "westeurope", "sku": {"name": "Standard"}, "properties": {
  "frontendIPConfigurations": [{"name": "front",
    "properties": {"publicIPAddress": {"id": "'"$network"'/publicIPAddresses/ip"}}}],
  "backendAddressPools": [{"name": "pool", "properties": {"loadBalancerBackendAddresses": [
    {"name": "vm1", "properties": {"ipAddress": "10.44.0.4", "virtualNetwork": {"id": "'"$network"'/virtualNetworks/vnet"}}},
    {"name": "vm2", "properties": {"ipAddress": "10.44.0.5", "virtualNetwork": {"id": "'"$network"'/virtualNetworks/vnet"}}}]}}],
  "loadBalancingRules": [{"name": "web", "properties": {
    "protocol": "Tcp", "frontendPort": 8080, "backendPort": 8080, "loadDistribution": "SourceIP",
    "frontendIPConfiguration": {"id": "'"$network"'/loadBalancers/lb/frontendIPConfigurations/front"},
    "backendAddressPool": {"id": "'"$network"'/loadBalancers/lb/backendAddressPools/pool"}}}]}}'
ip=$(curl -fsS "$LAZURITE_URL$network/publicIPAddresses/ip?api-version=2024-05-01" | grep -o '127\.255\.[0-9.]*')

# 10.44.0.4 and 10.44.0.5 are 127.44.0.4 and 127.44.0.5 here.
npx lazurite backend 127.44.0.4:8080 127.44.0.5:8080 &
trap 'kill $!' EXIT
until curl -fsS -o /dev/null http://127.44.0.5:8080/; do sleep 0.1; done

for client in 127.0.0.11 127.0.0.12 127.0.0.13 127.0.0.14; do
  first=$(curl -fsS --interface $client "http://$ip:8080/" | grep -o '127\.44\.0\.[45]')
  second=$(curl -fsS --interface $client "http://$ip:8080/" | grep -o '127\.44\.0\.[45]')
  echo "$client: $first, $second"
  [ "$first" = "$second" ]
done
