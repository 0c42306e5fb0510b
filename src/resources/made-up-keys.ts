/** What `list…` actions of well-known types without a model answer: keys that are made up, stay the same, and open nothing. */
import { stableGuid } from '../support/ids.js';
import { lastSegment } from './resource-id.js';

type Members = Record<string, unknown>;

const folded = (name: string): string => name.toLowerCase();
const unique = (id: string, part: string): string => stableGuid(`${id}#${part}`).replaceAll('-', '');

/** A key in the shape of a storage account's (base64 of 64 bytes) that is recognisably not a real one. */
const madeUpKey = (id: string, which: string): string =>
  `NotARealKey/LazuriteMadeItUp/${unique(id, which)}${unique(id, `${which}2`).slice(0, 24)}A==`;

const twoKeys = (id: string) => ({ primaryKey: madeUpKey(id, 'primary'), secondaryKey: madeUpKey(id, 'secondary') });

const numberedKeys = (id: string) => ({ key1: madeUpKey(id, 'key1'), key2: madeUpKey(id, 'key2') });
const sharedKeys = (id: string) => ({
  primarySharedKey: madeUpKey(id, 'primary'),
  secondarySharedKey: madeUpKey(id, 'secondary'),
});

function messagingKeys(id: string): Members {
  const parts = id.split('/');
  const keys = twoKeys(id);
  const text = (key: string): string =>
    `Endpoint=sb://${folded(parts[8] ?? '')}.servicebus.windows.net/;SharedAccessKeyName=${parts.at(-1)};SharedAccessKey=${key}`;
  return {
    primaryConnectionString: text(keys.primaryKey),
    secondaryConnectionString: text(keys.secondaryKey),
    ...keys,
    keyName: parts.at(-1),
  };
}

const madeUpToken = (id: string): string => `sv=2022-11-02&sig=NotARealSignature${unique(id, 'sas')}`;

function publishing(id: string): Members {
  const site = id.split('/')[8] ?? '';
  const publishingPassword = madeUpKey(id, 'publishing');
  const host = `${folded(site)}.scm.azurewebsites.net`;
  const scmUri = `https://$${site}:${encodeURIComponent(publishingPassword)}@${host}`;
  return { name: site, publishingUserName: `$${site}`, publishingPassword, scmUri };
}

const authKeys = (id: string) => ({ authKey1: madeUpKey(id, 'authKey1'), authKey2: madeUpKey(id, 'authKey2') });

const callbackUrl = (id: string) => ({
  value: `https://${folded(id.split('/')[8] ?? '')}.logic.invalid/?${madeUpToken(id)}`,
  method: 'POST',
});

/** A kubeconfig of no cluster: no cluster runs. */
const kubeconfigs = (id: string) => ({
  kubeconfigs: [
    {
      name: 'clusterUser',
      value: Buffer.from(`apiVersion: v1\nkind: Config\n# ${madeUpKey(id, 'kubeconfig')}\n`).toString('base64'),
    },
  ],
});

/** Answers of `list…` actions, by folded type and action; `id` is the resource's. */
const lists: Readonly<Record<string, (id: string, apiVersion: string) => unknown>> = {
  'microsoft.storage/storageaccounts/listkeys': (id, apiVersion) =>
    apiVersion < '2016'
      ? numberedKeys(id)
      : { keys: ['key1', 'key2'].map((keyName) => ({ keyName, value: madeUpKey(id, keyName), permissions: 'FULL' })) },
  'microsoft.storage/storageaccounts/listaccountsas': (id) => ({ accountSasToken: madeUpToken(id) }),
  'microsoft.storage/storageaccounts/listservicesas': (id) => ({ serviceSasToken: madeUpToken(id) }),
  'microsoft.operationalinsights/workspaces/sharedkeys': sharedKeys,
  'microsoft.operationalinsights/workspaces/listkeys': sharedKeys,
  'microsoft.containerregistry/registries/listcredentials': (id) => ({
    username: lastSegment(id),
    passwords: ['password', 'password2'].map((name) => ({ name, value: madeUpKey(id, name) })),
  }),
  'microsoft.documentdb/databaseaccounts/listkeys': (id) => ({
    primaryMasterKey: madeUpKey(id, 'primary'),
    secondaryMasterKey: madeUpKey(id, 'secondary'),
    primaryReadonlyMasterKey: madeUpKey(id, 'primaryReadonly'),
    secondaryReadonlyMasterKey: madeUpKey(id, 'secondaryReadonly'),
  }),
  'microsoft.documentdb/databaseaccounts/listconnectionstrings': (id) => ({
    connectionStrings: ['primary', 'secondary'].map((which) => ({
      connectionString: `AccountEndpoint=https://${folded(lastSegment(id))}.documents.azure.com:443/;AccountKey=${madeUpKey(id, which)};`,
      description: `${which} SQL connection string`,
    })),
  }),
  'microsoft.datafactory/factories/integrationruntimes/listauthkeys': authKeys,
  'microsoft.synapse/workspaces/integrationruntimes/listauthkeys': authKeys,
  'microsoft.containerservice/managedclusters/listclusteradmincredential': kubeconfigs,
  'microsoft.containerservice/managedclusters/listclusterusercredential': kubeconfigs,
  'microsoft.logic/workflows/triggers/listcallbackurl': callbackUrl,
  'microsoft.logic/workflows/listcallbackurl': callbackUrl,
  'microsoft.maps/accounts/listkeys': twoKeys,
  'microsoft.cache/redisenterprise/databases/listkeys': twoKeys,
  'microsoft.appconfiguration/configurationstores/listkeys': (id) => ({
    value: ['Primary', 'Secondary'].map((name) => {
      const value = madeUpKey(id, name);
      const connectionString = `Endpoint=https://${folded(lastSegment(id))}.azconfig.io;Id=${name};Secret=${value}`;
      return { id: name, name, value, connectionString, readOnly: false };
    }),
  }),
  'microsoft.eventgrid/domains/listkeys': numberedKeys,
  'microsoft.search/searchservices/listquerykeys': (id) => ({ value: [{ name: null, key: madeUpKey(id, 'query') }] }),
  'microsoft.cognitiveservices/accounts/listkeys': numberedKeys,
  'microsoft.search/searchservices/listadminkeys': twoKeys,
  'microsoft.batch/batchaccounts/listkeys': (id) => ({
    accountName: lastSegment(id),
    primary: madeUpKey(id, 'primary'),
    secondary: madeUpKey(id, 'secondary'),
  }),
  'microsoft.automation/automationaccounts/listkeys': (id) => ({
    keys: ['Primary', 'Secondary'].map((KeyName) => ({ KeyName, Permissions: 'Full', Value: madeUpKey(id, KeyName) })),
  }),
  'microsoft.cache/redis/listkeys': twoKeys,
  'microsoft.signalrservice/signalr/listkeys': twoKeys,
  'microsoft.eventgrid/topics/listkeys': numberedKeys,
  'microsoft.eventhub/namespaces/authorizationrules/listkeys': messagingKeys,
  'microsoft.eventhub/namespaces/eventhubs/authorizationrules/listkeys': messagingKeys,
  'microsoft.servicebus/namespaces/authorizationrules/listkeys': messagingKeys,
  'microsoft.servicebus/namespaces/queues/authorizationrules/listkeys': messagingKeys,
  'microsoft.relay/namespaces/authorizationrules/listkeys': messagingKeys,
  'microsoft.web/sites/config/list': (id) => ({ properties: /publishingcredentials$/i.test(id) ? publishing(id) : {} }),
  'microsoft.web/sites/host/default/listkeys': (id) => ({
    masterKey: madeUpKey(id, 'master'),
    functionKeys: {},
    systemKeys: {},
  }),
  'microsoft.devices/iothubs/listkeys': (id) => ({
    value: [{ keyName: 'iothubowner', ...twoKeys(id), rights: 'RegistryWrite, ServiceConnect, DeviceConnect' }],
  }),
};

/** Which action of which resource is asked for, at which api-version. */
interface MadeUpList {
  readonly id: string;
  readonly type: string;
  readonly action: string;
  readonly apiVersion: string;
}

/** What a `list…` action of a type answers: keys that are no secrets; undefined where nothing is known of the action. */
export const madeUpList = ({ id, type, action, apiVersion }: MadeUpList): unknown =>
  lists[folded(`${type}/${action}`)]?.(id, apiVersion);
