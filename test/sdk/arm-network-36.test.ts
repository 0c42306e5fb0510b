/** @azure/arm-network 36, the generation of Microsoft's JavaScript SDK that asks for api-version 2025-05-01. */
import { NetworkManagementClient } from 'arm-network-36';
import t from 'tap';
import { journey } from './journey.js';

t.test('@azure/arm-network 36 creates, changes, lists and deletes all of it over HTTPS', (t) =>
  journey(t, {
    network: 205,
    connect: ({ credential, subscriptionId, options }) =>
      new NetworkManagementClient(credential, subscriptionId, options),
  }),
);
