#!/usr/bin/env bash
# What cloud-provider-azure expects in the resource group of the cluster.
set -euo pipefail
group=/subscriptions/$AZURE_SUBSCRIPTION_ID/resourceGroups/cluster
put() {
  curl -sS -X PUT "https://localhost:4567$1?api-version=2024-05-01" -d "$2" -o /dev/null -w "%{http_code} ${1##*/}\n"
}
put $group '{"location": "westeurope"}'
put $group/providers/Microsoft.Network/networkSecurityGroups/nsg '{"location": "westeurope"}'
put $group/providers/Microsoft.Network/virtualNetworks/net '{"location": "westeurope", "properties": {
  "addressSpace": {"addressPrefixes": ["10.0.0.0/24"]},
  "subnets": [{"name": "nodes", "properties": {"addressPrefix": "10.0.0.0/24"}}]}}'
