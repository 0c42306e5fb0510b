#!/usr/bin/env bash
# A compiled Bicep file is enough for a load balancer that answers: `npm install --save-dev lazurite-0.1.0.tgz`, then
# `npx lazurite run --seed main.json --stand-ins -- bash call.sh`.
set -euo pipefail
address=$(npx lazurite frontends --json | grep -o '"azureAddress": *"[^"]*"' | cut -d '"' -f 4)
for client in 11 12 13 14; do curl -fsS --interface 127.0.0.$client "http://$address:8080/"; done
