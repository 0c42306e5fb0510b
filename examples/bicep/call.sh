#!/usr/bin/env bash
# Calls the frontend that the deployed template has made, as several clients.
set -euo pipefail
address=$(npx lazurite frontends --json | grep -o '"azureAddress": *"[^"]*"' | cut -d '"' -f 4)
for client in 11 12 13 14; do curl -fsS --interface 127.0.0.$client "http://$address:8080/"; done
