#!/usr/bin/env bash
# A load balancer with az: signed in for this script alone, in a folder of its own.
set -euo pipefail
AZURE_CONFIG_DIR=$(mktemp -d)
export AZURE_CONFIG_DIR
trap 'rm -rf "$AZURE_CONFIG_DIR"' EXIT

az cloud register -n Lazurite --endpoint-resource-manager "$LAZURITE_URL"
az cloud set -n Lazurite
az login --service-principal -u "$ARM_CLIENT_ID" -p "$ARM_CLIENT_SECRET" --tenant "$ARM_TENANT_ID" -o none

az group create -n shop -l westeurope -o none
az network vnet create -g shop -n net --address-prefix 10.45.0.0/16 --subnet-name web --subnet-prefix 10.45.0.0/24 -o none
az network public-ip create -g shop -n ip --sku Standard -o none
az network lb create -g shop -n lb --sku Standard --public-ip-address ip --frontend-ip-name front --backend-pool-name pool -o none
az network lb rule create -g shop --lb-name lb -n web --protocol Tcp --frontend-port 8080 --backend-port 8080 \
  --frontend-ip-name front --backend-pool-name pool --load-distribution SourceIP -o none
for vm in vm1 vm2; do
  az network nic create -g shop -n $vm --vnet-name net --subnet web --lb-name lb --lb-address-pools pool -o none
done

ip=$(az network public-ip show -g shop -n ip --query ipAddress -o tsv)
for client in 11 12 13 14; do curl -fsS --interface 127.0.0.$client "http://$ip:8080/"; done
