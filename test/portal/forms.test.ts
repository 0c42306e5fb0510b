/** Every kind of form: the request before it is sent, the answer, Azure's refusal at its field, and a reload that loses nothing. */
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { ClassicCloud, member } from '../api/classic/classic-cloud.js';
import { addressMembers, balancerBody } from '../balancer-body.js';
import { Cloud, idOf, ref, subscriptionId } from '../emulator/cloud.js';
import { until } from '../turns.js';
import { succeedingTemplate } from './balancer.js';
import { openPage, openProfile, withoutBrowser } from './browser.js';

const network = 237;
const lbId = idOf('loadBalancers/lb');

/** The field with this label, refused. */
const refused = (page: Page, label: string | RegExp) =>
  page.getByLabel(label).and(page.locator('[aria-invalid="true"]'));

/** Chooses each tab of the preview, and looks for its text there. */
async function previews(page: Page, texts: Readonly<Record<string, RegExp>>, { of = '' } = {}): Promise<void> {
  for (const [tab, text] of Object.entries(texts)) {
    await page.getByRole('tab', { name: tab, exact: tab !== 'Answer' }).click();
    const label = `${tab === 'REST' ? 'Request' : tab}${of}`;
    await page.getByRole('region', { name: label, exact: true }).getByText(text).waitFor();
  }
}

t.test('the forms of the portal', { skip: withoutBrowser, timeout: 600_000 }, async (t) => {
  const cloud = await Cloud.start(t, { network });
  await cloud.prepare();
  await cloud.put(
    'loadBalancers/lb',
    balancerBody(lbId, {
      frontends: { front: { publicIPAddress: ref('publicIPAddresses/ip') } },
      pools: { pool: addressMembers([4, 5].map(cloud.azureAddress), ref('virtualNetworks/vnet')), machines: {} },
      probes: { probe: { port: 8080 } },
      rules: {
        http: { frontendPort: 8080, backendPort: 8080, idleTimeoutInMinutes: 7, disableOutboundSnat: true },
      },
      natRules: { ssh: { frontendPort: 2222, backendPort: 22 } },
      outboundRules: { out: { allocatedOutboundPorts: 1024 } },
    }),
  );
  await cloud.put('networkInterfaces/nic', {
    properties: { ipConfigurations: [{ name: 'ip', properties: { subnet: ref('virtualNetworks/vnet/subnets/vms') } }] },
  });
  const { profile } = await openProfile(t, { reducedMotion: 'reduce' });
  const url = (path: string): string => `${cloud.emulator.httpUrl}/portal${path}`;
  const visit = async (t: Test, path: string): Promise<Page> => {
    const { page } = await openPage(profile);
    t.teardown(() => page.close());
    await page.goto(url(path));
    return page;
  };

  for (const [collection, { one, fill }] of Object.entries({
    frontends: {
      one: 'frontend IP configuration',
      fill: ['Public IP address (resource id)', idOf('publicIPAddresses/x')],
    },
    probes: { one: 'health probe', fill: [/^Port/, '8081'] },
    rules: { one: 'load balancing rule', fill: [/^Port/, '8081'] },
    'nat-rules': { one: 'inbound NAT rule', fill: ['Frontend port', '2223'] },
    'outbound-rules': { one: 'outbound rule', fill: ['Ports per instance', '64'] },
  } as const)) {
    await t.test(`a new ${one}: preview, refusal at its name, reload`, async (t) => {
      const page = await visit(t, `/load-balancer${lbId}/${collection}`);
      await page.getByRole('button', { name: 'Add', exact: true }).click();
      await page.getByRole('heading', { name: `Add ${one}` }).waitFor();
      await page.getByLabel(/^Name/).fill('a bad name!');
      const [label, value] = fill;
      await page.getByLabel(label).first().fill(value);
      await previews(page, { REST: /a bad name!/, az: /az network lb .*create.*a bad name!/, Terraform: /azurerm_lb/ });
      await page.getByRole('button', { name: 'Save' }).click();
      await refused(page, /^Name/).waitFor();
      await previews(page, { Answer: /HTTP 400/ });
      await page.reload();
      await page.getByRole('heading', { name: `Add ${one}` }).waitFor();
      t.equal(await page.getByLabel(/^Name/).inputValue(), 'a bad name!');
      t.equal(await page.getByLabel(label).first().inputValue(), value);
      await page.goBack();
      await page.getByRole('heading', { name: `Add ${one}` }).waitFor({ state: 'detached' });
    });
  }

  await t.test('a part that is saved: its panel closes, and the notifications keep the answer', async (t) => {
    const page = await visit(t, `/load-balancer${lbId}/probes?panel=add`);
    await page.getByLabel(/^Name/).fill('second');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('cell', { name: 'second', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Notifications' }).click();
    await page.getByRole('button', { name: /Add health probe/ }).click();
    await previews(page, { Answer: /"name": "second"/ }, { of: ' of Add health probe' });
    t.equal(await page.getByRole('heading', { name: 'Add health probe' }).count(), 0);
  });

  await t.test('what was begun before a reload meets the writes of others with the 412 dialog', async (t) => {
    const page = await visit(t, `/load-balancer${lbId}/probes?panel=edit+probe`);
    await page.getByLabel('Interval (seconds)').fill('9');
    const { properties } = await cloud.get('loadBalancers/lb');
    await cloud.put('loadBalancers/lb', { sku: { name: 'Standard' }, tags: { by: 'others' }, properties });
    await page.reload();
    await page.getByRole('heading', { name: 'Edit probe' }).waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Apply my change to the newer state' }).click();
    await until('both changes are stored', async () => {
      const { properties: now, ...rest } = await cloud.get('loadBalancers/lb');
      const probes = now.probes as { name: string; properties: { intervalInSeconds: number } }[];
      return 'tags' in rest && probes.some((one) => one.name === 'probe' && one.properties.intervalInSeconds === 9);
    });
  });

  await t.test('a network interface joins a pool, and is the target of a NAT rule', async (t) => {
    const page = await visit(t, `/load-balancer${lbId}/backend-pools?panel=edit+machines`);
    await page.getByLabel('IP configurations').click();
    await page.getByRole('menuitemcheckbox', { name: /^nic\/ip/ }).click();
    await page.keyboard.press('Escape');
    await previews(page, {
      REST: /PUT .*\/networkInterfaces\/nic\?/,
      az: /az network nic ip-config address-pool add/,
      Terraform: /azurerm_network_interface_backend_address_pool_association/,
    });
    await page.reload();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('link', { name: 'nic/ip' }).waitFor();
    await page.goto(url(`/load-balancer${lbId}/nat-rules?panel=edit+ssh`));
    await page.getByLabel('Target virtual machine (network interface)').click();
    await page.getByRole('option', { name: /^nic\/ip/ }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('link', { name: 'ip', exact: true }).waitFor();
    const { properties } = await cloud.get('networkInterfaces/nic');
    t.match(properties.ipConfigurations, [
      {
        properties: {
          loadBalancerBackendAddressPools: [{ id: `${lbId}/backendAddressPools/machines` }],
          loadBalancerInboundNatRules: [{ id: `${lbId}/inboundNatRules/ssh` }],
        },
      },
    ]);
  });

  await t.test('outbound rules show the ports that are left', async (t) => {
    const page = await visit(t, `/load-balancer${lbId}/outbound-rules`);
    // 64,000 without 1,024 for each of two members, and without a block of eight for each of the ports 8080 and 2222.
    await page.getByRole('cell', { name: '61,936 of 64,000' }).waitFor();
    t.pass();
  });

  await t.test('tags: preview, reload, answer', async (t) => {
    const page = await visit(t, `/resource${idOf('virtualNetworks/vnet')}?panel=tags`);
    await page.getByLabel('Tags', { exact: true }).fill('team=net');
    await previews(page, { REST: /"team": "net"/, az: /az tag update/ });
    await page.reload();
    t.equal(await page.getByLabel('Tags', { exact: true }).inputValue(), 'team=net');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Answered 200').first().waitFor();
    t.match(await cloud.get('virtualNetworks/vnet'), { tags: { team: 'net' } });
  });

  await t.test('tags of a load balancer, and the operation in its activity log', async (t) => {
    const page = await visit(t, `/load-balancer${lbId}/overview`);
    await page.getByRole('button', { name: 'Tags' }).click();
    await page.getByLabel('Tags', { exact: true }).fill('team=edge, cost=1');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('team: edge, cost: 1').waitFor();
    t.match(await cloud.get('loadBalancers/lb'), { tags: { team: 'edge', cost: '1' } });
    await page.getByRole('link', { name: 'Activity log' }).click();
    const row = page.getByRole('row').filter({ hasText: 'Create or Update Load Balancer' }).first();
    await row.getByText('Succeeded').waitFor();
    await row.getByRole('button', { name: /^View PUT / }).click();
    await page.getByRole('region', { name: 'Request body' }).getByText('"cost": "1"').waitFor();
  });

  await t.test('references have directions', async (t) => {
    const page = await visit(t, `/resource${idOf('publicIPAddresses/ip')}?tab=references`);
    const incoming = page.getByRole('row').filter({ hasText: 'Referred to by' });
    await incoming.getByRole('link', { name: 'lb' }).waitFor();
    t.equal(await page.getByRole('cell', { name: 'Refers to', exact: true }).count(), 0);
    await page.goto(url(`/resource${idOf('networkInterfaces/nic')}?tab=references`));
    await page.getByRole('row').filter({ hasText: 'Refers to' }).getByRole('link', { name: 'vms' }).waitFor();
  });

  await t.test('the wizard: names that Azure refuses, previews, reload', async (t) => {
    const page = await visit(t, '/create?tab=Review+%2B+create');
    await page.getByText('Validation failed').waitFor();
    await page.getByRole('tab', { name: 'Basics' }).click();
    await refused(page, /^Resource group/).waitFor();
    await page.getByLabel(/^Resource group/).fill('a bad group!');
    await page.getByLabel(/^Name/).fill('new');
    await page.getByRole('tab', { name: 'Backend pools' }).click();
    await page.getByLabel(/^Name/).fill('a bad pool!');
    await page.reload();
    t.equal(await page.getByLabel(/^Name/).inputValue(), 'a bad pool!');
    const create = async (): Promise<void> => {
      await page.getByRole('tab', { name: 'Review + create' }).click();
      await page.getByRole('button', { name: 'Create', exact: true }).click();
    };
    await page.getByRole('tab', { name: 'Review + create' }).click();
    await previews(page, {
      REST: /loadBalancers\/new/,
      az: /az network lb create .*\n.*a bad pool!/,
      Terraform: /resource "azurerm_resource_group"[\s\S]*resource "azurerm_lb_rule"/,
    });
    await create();
    await refused(page, /^Resource group/).waitFor();
    await page.getByLabel(/^Resource group/).fill('wizard');
    await create();
    await refused(page, /^Name/).waitFor();
    await page.getByRole('tab', { name: 'Backend pools', selected: true }).waitFor();
    await page.getByLabel(/^Name/).fill('pool');
    await create();
    await page.getByRole('heading', { name: 'new' }).waitFor();
  });

  await t.test('the wizard: network interfaces as members, in a network and a group that exist', async (t) => {
    const page = await visit(t, '/create');
    await page.getByLabel('Subscription').click();
    await page.getByRole('option', { name: new RegExp(subscriptionId) }).click();
    await page.getByLabel(/^Resource group/).fill('test');
    await page.getByLabel(/^Name/).fill('inner');
    await page.getByLabel('Internal').check();
    await page.getByRole('tab', { name: 'Frontend IP configuration' }).click();
    await page.getByLabel('Virtual network').fill('vnet');
    await page.getByLabel('Subnet').fill('vms');
    await page.getByRole('tab', { name: 'Backend pools' }).click();
    await page.getByLabel('NIC', { exact: true }).check();
    await page.getByLabel('IP configurations').click();
    await page.getByRole('menuitemcheckbox', { name: /^nic\/ip/ }).click();
    await page.keyboard.press('Escape');
    await page.reload();
    await page.getByRole('tab', { name: 'Review + create' }).click();
    await page.getByText('inner in test, 1 members').waitFor();
    await previews(page, {
      REST: /PUT .*\/networkInterfaces\/nic\?/,
      az: /az network nic ip-config address-pool add -g test --lb-name inner --address-pool backend --nic-name nic/,
      Terraform: /azurerm_network_interface_backend_address_pool_association/,
    });
    await page.getByRole('tab', { name: 'REST' }).click();
    const sent = await page.getByRole('region', { name: 'Request', exact: true }).innerText();
    t.strictSame(
      [...sent.matchAll(/^PUT \S*\/(\w+\/\w+)\?/gm)].map(([, what]) => what),
      ['loadBalancers/inner', 'networkInterfaces/nic'],
      'what exists is used, and not written again',
    );
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('heading', { name: 'inner' }).waitFor();
    await page.getByRole('link', { name: 'Backend pools' }).click();
    await page.getByRole('link', { name: 'nic/ip' }).waitFor();
    const pools = await cloud.get('loadBalancers/inner/backendAddressPools/backend');
    t.match(pools.properties.backendIPConfigurations, [{ id: `${idOf('networkInterfaces/nic')}/ipConfigurations/ip` }]);
  });

  await t.test('the wizard: what Azure would refuse is shown at its field before anything is sent', async (t) => {
    const page = await visit(t, '/create');
    await page.getByLabel('Subscription').click();
    await page.getByRole('option', { name: new RegExp(subscriptionId) }).click();
    await page.getByLabel(/^Resource group/).fill('test');
    await page.getByLabel(/^Name/).fill('checked');
    const review = page.getByRole('tab', { name: 'Review + create' });
    const rules = page.getByRole('tab', { name: 'Inbound rules' });
    await rules.click();
    await page.getByLabel('Backend port').fill('70000');
    await review.click();
    await page.getByText('Validation failed. See Inbound rules.').waitFor();
    await rules.click();
    await refused(page, 'Backend port').waitFor();
    await page.getByLabel('Backend port').fill('8080');
    await review.click();
    await page.getByText('Validation passed.').waitFor();
    t.notMatch(JSON.stringify(await cloud.get('loadBalancers')), /checked/);
  });

  await t.test('a deployment: texts that Azure refuses, previews, reload', async (t) => {
    const page = await visit(t, '/deployments?deploy=open');
    const template = page.getByLabel(/^Template \(ARM JSON/);
    const parameters = page.getByLabel(/^Parameters/);
    await page.getByLabel('Resource group').fill('test');
    await template.fill('{}');
    await page.getByRole('button', { name: 'Deploy', exact: true }).click();
    await refused(page, /^Template \(ARM JSON/).waitFor();
    await previews(page, { Answer: /InvalidTemplate/ });
    await template.fill(JSON.stringify(succeedingTemplate));
    await parameters.fill('{ "x": { "value": 1 } }');
    await page.getByRole('button', { name: 'What-if' }).click();
    await refused(page, /^Parameters/).waitFor();
    await previews(page, {
      REST: /POST .*\/whatIf\?/,
      az: /az deployment group what-if/,
      Terraform: /azurerm_resource_group_template_deployment/,
    });
    await page.reload();
    t.equal(await parameters.inputValue(), '{ "x": { "value": 1 } }');
    t.match(await template.inputValue(), 'made-too');
  });

  await t.test('a classic set: refusal at its field, preview, answer, reload', async (t) => {
    const classic = ClassicCloud.of(cloud);
    await classic.addService();
    await classic.deploy(member('web', { LocalPort: 8080, Port: 5080, Protocol: 'tcp' }));
    const page = await visit(t, `/cloud-services/${subscriptionId}/mySvc?set=web`);
    const timeout = page.getByLabel('Idle timeout (minutes)');
    await timeout.fill('99');
    await previews(page, { REST: /<IdleTimeoutInMinutes>99</, PowerShell: /Set-AzureLoadBalancedEndpoint/ });
    await page.getByRole('button', { name: 'Save' }).click();
    await refused(page, 'Idle timeout (minutes)').waitFor();
    await previews(page, { Answer: /<Error/ });
    await page.reload();
    t.equal(await timeout.inputValue(), '99');
    await timeout.fill('9');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('cell', { name: '9', exact: true }).waitFor();
  });

  await t.test('the Lab: a button shows its request, and what it was answered', async (t) => {
    const page = await visit(t, '/lab');
    const advance = page.getByRole('button', { name: 'Advance idle timeout (7 minutes)' });
    await advance.hover();
    await page.getByText('"advanceSeconds": 420').waitFor();
    await advance.click();
    await page.getByText('the clock was advanced by 420 s').waitFor();
    await page.getByRole('tab', { name: 'Answer (200)' }).waitFor();
    await page.getByLabel('Fault (JSON)').fill('{ "kind": "none" }');
    await page.getByRole('button', { name: 'Add fault' }).click();
    await refused(page, 'Fault (JSON)').waitFor();
    await page.reload();
    t.equal(await page.getByLabel('Fault (JSON)').inputValue(), '{ "kind": "none" }');
  });

  await t.test('the Lab adds each fault that it suggests, and removes it', async (t) => {
    const page = await visit(t, '/lab');
    const suggestions = page.getByRole('button', { name: /^(API answers|Data plane|Probes) / });
    await suggestions.first().waitFor();
    for (const [index, suggestion] of (await suggestions.all()).entries()) {
      await suggestion.click();
      await page.getByRole('button', { name: 'Add fault' }).click();
      await page
        .getByRole('button', { name: /^Remove fault-/ })
        .nth(index)
        .waitFor();
    }
    const count = await suggestions.count();
    for (let left = count - 1; left >= 0; left--) {
      await page
        .getByRole('button', { name: /^Remove fault-/ })
        .first()
        .click();
      await page
        .getByRole('button', { name: /^Remove fault-/ })
        .nth(left)
        .waitFor({ state: 'detached' });
    }
    t.ok(count > 4);
  });

  await t.test('a question of Traffic is an address: a link to it shows the answer', async (t) => {
    const page = await visit(t, '/traffic?tab=where&protocol=tcp&from=nowhere&to=127.0.0.1:80');
    await refused(page, 'From (IP:port)').waitFor();
    await page.getByLabel('From (IP:port)').fill('127.0.0.9:4000');
    await page.getByRole('button', { name: 'Where would it go?' }).click();
    await page.getByText('It would reach no backend').waitFor();
    await page.reload();
    await page.getByText('It would reach no backend').waitFor();
    t.match(page.url(), 'from=127.0.0.9%3A4000');
  });

  await t.test('a filter, an order and the choices of Metrics outlive a reload', async (t) => {
    const page = await visit(t, '/neighbours');
    await page.getByPlaceholder('Filter for any field…').fill('vnet');
    await page.getByRole('columnheader', { name: 'Type' }).click();
    await page.reload();
    await page.getByRole('link', { name: 'vnet', exact: true }).waitFor();
    t.equal(await page.getByRole('link', { name: 'nic' }).count(), 0);
    await page.getByRole('columnheader', { name: 'Type' }).and(page.locator('[aria-sort="ascending"]')).waitFor();
    await page.goto(url(`/load-balancer${lbId}/metrics`));
    await page.getByLabel('Metric').click();
    await page.getByRole('option', { name: 'Byte Count' }).click();
    await page.getByText('Total').first().waitFor();
    await page.reload();
    await page.getByLabel('Metric').getByText('Byte Count').waitFor();
  });

  await t.test('a resource is deleted after a question; one in use stays, with Azure’s reason', async (t) => {
    await cloud.publicIp('spare');
    const page = await visit(t, `/resource${idOf('virtualNetworks/vnet')}`);
    const dialog = page.getByRole('dialog');
    const remove = async (): Promise<void> => {
      await page.getByRole('button', { name: 'Delete' }).click();
      await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
    };
    await remove();
    await dialog.getByRole('alert').filter({ hasText: /InUse/ }).waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    t.ok(await cloud.get('virtualNetworks/vnet'));
    await page.goto(url(`/resource${idOf('publicIPAddresses/spare')}`));
    await remove();
    await page.getByRole('heading', { name: 'Neighbours', level: 1 }).waitFor();
    await t.rejects(cloud.get('publicIPAddresses/spare'), { message: /^404/ });
  });

  await t.test('a part is removed in its panel, which shows the request', async (t) => {
    const page = await visit(t, `/load-balancer${lbId}/outbound-rules`);
    await page.getByRole('button', { name: 'Remove out' }).click();
    await previews(page, { REST: /"outboundRules": \[\]/ });
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByText('No outbound rules to display').waitFor();
    t.strictSame((await cloud.get('loadBalancers/lb')).properties.outboundRules, []);
  });

  await t.test('the Lab saves a snapshot, resets everything, and restores it', async (t) => {
    const page = await visit(t, '/lab');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save snapshot' }).click();
    const file = await (await download).path();
    await page.getByRole('button', { name: 'Reset everything…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Reset', exact: true }).click();
    await until('nothing is left', async () => (await cloud.frontends()).length === 0);
    await page.getByLabel('Snapshot file').setInputFiles(file);
    await until('it is back', async () => (await cloud.frontends()).length > 0);
    t.ok(await cloud.get('loadBalancers/lb'));
  });
});
