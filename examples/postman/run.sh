#!/usr/bin/env bash
# Runs the collection; newman fails when an answer is not what the collection's tests want.
set -euo pipefail
npx newman run node_modules/lazurite/openapi/lazurite.postman_collection.json --env-var baseUrl="$LAZURITE_URL" \
  --ssl-extra-ca-certs "$NODE_EXTRA_CA_CERTS" --reporters cli --reporter-cli-no-banner --reporter-cli-silent
