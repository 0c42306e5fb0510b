/** Home: what there is, its health at a glance, and how to point tools here. */
import { Button, Card, CardHeader, makeStyles, Tab, TabList, Text, tokens } from '@fluentui/react-components';
import { useLocation } from 'wouter';
import { readId } from '../azure/arm.js';
import { useClassicServices } from '../azure/classic.js';
import { healthOf } from '../azure/health.js';
import { useBackends, useLoadBalancers, useSubscriptions } from '../azure/queries.js';
import { useParameter } from '../ui/address.js';
import { DataTable } from '../ui/data-table.js';
import { Empty, Loaded, Page } from '../ui/page.js';
import { Code, Health, PageLink, ResourceLink } from '../ui/parts.js';

const useStyles = makeStyles({
  cards: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(480px, 100%), 1fr))',
    gap: tokens.spacingHorizontalL,
    alignItems: 'start',
  },
  actions: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
});

function tools(subscriptionId: string): Readonly<Record<string, string>> {
  const { origin } = location;
  const https = origin.replace(/^http:/, 'https:');
  return {
    bash: 'eval "$(npx lazurite env bash)"',
    PowerShell: 'npx lazurite env powershell | Out-String | Invoke-Expression',
    az: [
      'eval "$(npx lazurite env bash)"   # trusts the CA',
      `az cloud register -n Lazurite --endpoint-resource-manager ${https}`,
      'az cloud set -n Lazurite',
      'az login --service-principal -u any -p any --tenant 11111111-1111-1111-1111-111111111111',
    ].join('\n'),
    Terraform: [
      'provider "azurerm" {',
      '  features {}',
      `  metadata_host   = "${https.replace('https://', '')}"`,
      `  subscription_id = "${subscriptionId}"`,
      '}',
    ].join('\n'),
    'JavaScript SDK': [
      "import { NetworkManagementClient } from '@azure/arm-network';",
      'const client = new NetworkManagementClient(credential, subscriptionId, {',
      `  endpoint: '${https}',`,
      '});',
    ].join('\n'),
    'Python SDK': [
      'from azure.mgmt.network import NetworkManagementClient',
      'client = NetworkManagementClient(credential, subscription_id,',
      `    base_url="${https}", credential_scopes=["${https}/.default"])`,
    ].join('\n'),
    curl: `curl "${origin}/subscriptions/${subscriptionId}/providers/Microsoft.Network/loadBalancers?api-version=2024-05-01"`,
  };
}

function Connect() {
  const subscriptions = useSubscriptions();
  const [tab = 'bash', setTab] = useParameter('tool');
  const texts = tools(subscriptions.data?.[0]?.subscriptionId ?? '00000000-0000-0000-0000-000000000001');
  return (
    <Card>
      <CardHeader
        header={
          <Text as="h2" weight="semibold">
            Connect your tools
          </Text>
        }
      />
      <TabList
        size="small"
        selectedValue={tab}
        onTabSelect={(_, { value }) => setTab(value === 'bash' ? undefined : String(value))}
        style={{ flexWrap: 'wrap' }}
      >
        {Object.keys(texts).map((name) => (
          <Tab key={name} value={name}>
            {name}
          </Tab>
        ))}
      </TabList>
      <Code text={texts[tab] ?? ''} label={`Commands for ${tab}`} />
    </Card>
  );
}

export default function Home() {
  const styles = useStyles();
  const [, navigate] = useLocation();
  const list = useLoadBalancers();
  const backends = useBackends();
  const services = useClassicServices();
  return (
    <Page title="Home">
      <div className={styles.cards}>
        <Card>
          <CardHeader
            header={
              <Text as="h2" weight="semibold">
                Load balancers
              </Text>
            }
          />
          <Loaded query={list}>
            {(rows) => (
              <DataTable
                label="Load balancers"
                rows={rows}
                rowKey={({ id }) => id}
                filterable={rows.length > 10}
                columns={[
                  { name: 'Name', text: ({ name }) => name, show: ({ id }) => <ResourceLink id={id} /> },
                  { name: 'Resource group', text: ({ id }) => readId(id).resourceGroup },
                  {
                    name: 'Health',
                    text: (one) => healthOf(one, backends.data ?? []).up,
                    show: (one) => <Health count={healthOf(one, backends.data ?? [])} />,
                  },
                ]}
                empty={
                  <Empty
                    title="No load balancers yet"
                    action={
                      <div className={styles.actions}>
                        <Button appearance="primary" onClick={() => navigate('/create')}>
                          Create load balancer
                        </Button>
                        <Button onClick={() => navigate('/deployments?deploy=sample')}>Deploy a sample template</Button>
                        <Button onClick={() => navigate('/lab')}>Start stand-in backends</Button>
                      </div>
                    }
                  >
                    Create one in the wizard, deploy a sample template, or connect the tool you have. The Lab starts
                    stand-in backends for members that nobody runs.
                  </Empty>
                }
              />
            )}
          </Loaded>
        </Card>
        <Connect />
        <Card>
          <CardHeader
            header={
              <Text as="h2" weight="semibold">
                Cloud services (classic)
              </Text>
            }
          />
          <Loaded query={services}>
            {(rows) => (
              <DataTable
                label="Cloud services"
                rows={rows}
                rowKey={({ subscriptionId, name }) => `${subscriptionId}/${name}`}
                filterable={rows.length > 10}
                columns={[
                  {
                    name: 'Name',
                    text: ({ name }) => name,
                    show: ({ subscriptionId, name }) => (
                      <PageLink href={`/cloud-services/${subscriptionId}/${name}`}>{name}</PageLink>
                    ),
                  },
                  { name: 'Location', text: ({ location: place }) => place },
                ]}
                empty={
                  <Empty title="No cloud services yet">Classic services made through the XML API appear here.</Empty>
                }
              />
            )}
          </Loaded>
        </Card>
      </div>
    </Page>
  );
}
