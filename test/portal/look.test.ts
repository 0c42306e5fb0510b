/** Every page in light, dark and high contrast, wide and narrow: no errors, no violations of accessibility rules, nothing cut off; and pictures. */
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { ClassicCloud, member } from '../api/classic/classic-cloud.js';
import { addressMembers, balancerBody } from '../balancer-body.js';
import { openStream } from '../data-plane/network.js';
import { Cloud, idOf, ref, subscriptionId } from '../emulator/cloud.js';
import { until } from '../turns.js';
import { failingTemplate, succeedingTemplate } from './balancer.js';
import { openPage, openProfile, withoutBrowser } from './browser.js';

const network = 234;
const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
const pictures = 'screenshots';
const long = 'a-load-balancer-with-a-name-that-is-as-long-as-azure-lets-a-name-be-0123456789';
const lbId = idOf(`loadBalancers/${long}`);
const deployments = `/subscriptions/${subscriptionId}/resourceGroups/test/providers/Microsoft.Resources/deployments`;

const loadBalancerPages = [
  ...['overview', 'activity-log', 'frontends', 'backend-pools', 'probes', 'rules', 'nat-rules', 'outbound-rules'],
  ...['properties', 'export', 'insights', 'metrics', 'health'],
];
const pages: Readonly<Record<string, string>> = {
  home: '/',
  'load-balancers': '/load-balancers',
  create: '/create',
  traffic: '/traffic',
  where: '/traffic?tab=where',
  simulation: '/traffic?tab=simulation',
  'cloud-services': '/cloud-services',
  'cloud-service': `/cloud-services/${subscriptionId}/mySvc`,
  neighbours: '/neighbours',
  resource: `/resource${idOf('virtualNetworks/vnet')}`,
  deployments: '/deployments',
  deployment: `/deployments${deployments}/refused`,
  lab: '/lab',
  ...Object.fromEntries(loadBalancerPages.map((name) => [`lb-${name}`, `/load-balancer${lbId}/${name}`])),
  'panel-rule': `/load-balancer${lbId}/rules?panel=edit+http`,
  'panel-pool': `/load-balancer${lbId}/backend-pools?panel=edit+pool`,
  'panel-health': `/load-balancer${lbId}/rules?health=http`,
  'create-review': '/create?tab=Review+%2B+create',
  deploy: '/deployments?deploy=sample',
  'cloud-service-set': `/cloud-services/${subscriptionId}/mySvc?set=web`,
};
/** What is looked at with nothing in the cloud as well. */
const emptyPages = [
  'home',
  'load-balancers',
  'traffic',
  'simulation',
  'cloud-services',
  'neighbours',
  'deployments',
  'lab',
];

/** A load balancer with a part of every kind, one member down; flows; a classic set; deployments, one of them refused. */
async function populate(t: Test, cloud: Cloud): Promise<void> {
  const publicIp = { publicIPAddress: ref('publicIPAddresses/ip') };
  await cloud.publicIp('outbound-ip');
  await cloud.put(
    `loadBalancers/${long}`,
    balancerBody(lbId, {
      frontends: {
        front: publicIp,
        'front-for-outbound-connections': { publicIPAddress: ref('publicIPAddresses/outbound-ip') },
      },
      pools: {
        pool: addressMembers([4, 5, 6].map(cloud.azureAddress), ref('virtualNetworks/vnet')),
        'nobody-is-here-yet': {},
      },
      probes: { probe: { port: 8080 } },
      rules: {
        http: { frontendPort: 8080, backendPort: 8080, probe: 'probe', disableOutboundSnat: true },
        'media-over-udp': {
          protocol: 'Udp',
          frontendPort: 5004,
          backendPort: 8080,
          probe: 'probe',
          loadDistribution: 'SourceIP',
          disableOutboundSnat: true,
        },
      },
      natRules: { ssh: { pool: 'pool', frontendPortRangeStart: 2200, frontendPortRangeEnd: 2299, backendPort: 22 } },
      outboundRules: {
        out: {
          frontendIPConfigurations: [{ id: `${lbId}/frontendIPConfigurations/front-for-outbound-connections` }],
          allocatedOutboundPorts: 10_000,
        },
      },
    }),
  );
  const classic = ClassicCloud.of(cloud);
  await classic.addService();
  await classic.deploy(member('web', { LocalPort: 8080, Port: 5080, Protocol: 'tcp' }));
  for (const [name, template] of Object.entries({ made: succeedingTemplate, refused: failingTemplate })) {
    const path = `${deployments}/${name}?api-version=2022-09-01`;
    await cloud.send('PUT', path, { properties: { mode: 'Incremental', template } });
  }
  await until('both deployments have ended', async () => {
    const { body } = await cloud.send('GET', `${deployments}?api-version=2022-09-01`);
    const states = (body as { value: { properties: { provisioningState: string } }[] }).value.map(
      ({ properties }) => properties.provisioningState,
    );
    return states.sort().join() === 'Failed,Succeeded';
  });
  await cloud.send('POST', '/_lazurite/faults', { kind: 'dataPlane', effect: 'slow', latencyMs: 20 });
  await until('two members are up', async () => {
    const up = (await cloud.backends()).filter(({ rule, state }) => /\/http$/.test(rule) && state === 'Up');
    return up.length === 2;
  });
  const { properties } = await cloud.get('publicIPAddresses/ip');
  const at = await cloud.place(String(properties.ipAddress), 8080);
  const streams = await Promise.all(
    Array.from({ length: 12 }, (_, n) => openStream(at, { from: `127.64.0.${n + 1}` })),
  );
  t.teardown(() => {
    for (const { socket } of streams) socket.destroy();
  });
}

/** A load balancer with usual names and flows, for the documentation. Answers where it is. */
async function addWeb(t: Test, cloud: Cloud): Promise<string> {
  const address = await cloud.publicIp('web-ip');
  const rule = { probe: 'probe', backendPort: 8080 };
  await cloud.put(
    'loadBalancers/web',
    balancerBody(idOf('loadBalancers/web'), {
      frontends: { public: { publicIPAddress: ref('publicIPAddresses/web-ip') } },
      pools: { servers: addressMembers([4, 5, 6].map(cloud.azureAddress), ref('virtualNetworks/vnet')) },
      probes: { probe: { port: 8080 } },
      rules: {
        http: { ...rule, frontend: 'public', pool: 'servers', frontendPort: 8081, loadDistribution: 'SourceIP' },
        media: { ...rule, frontend: 'public', pool: 'servers', protocol: 'Udp', frontendPort: 8082 },
      },
    }),
  );
  await until('two members of it are up', async () => {
    const up = (await cloud.backends()).filter(({ rule: id, state }) => /web\/.*\/http$/.test(id) && state === 'Up');
    return up.length === 2;
  });
  const at = await cloud.place(address, 8081);
  const streams = await Promise.all(
    Array.from({ length: 30 }, (_, n) => openStream(at, { from: `127.65.0.${n + 1}` })),
  );
  t.teardown(() => {
    for (const { socket } of streams) socket.destroy();
  });
  return `${address}:8081`;
}

/** What axe-core finds. Fluent UI's own focus guards are hidden on purpose. */
function violations(page: Page): Promise<unknown> {
  return page.evaluate(
    'axe.run({ exclude: [["[data-tabster-dummy]"]] }, { resultTypes: ["violations"] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html.slice(0, 160)).join(" | ")))',
  );
}

/** What reaches beyond the right edge of the window, of the page's own box or of a row of tabs: nobody would scroll there. */
const cutOff = `[document.documentElement, document.querySelector('main'), ...document.querySelectorAll('[role=tablist]')].flatMap((box) =>
  box.scrollWidth > box.clientWidth ? [box.tagName + ' ' + box.scrollWidth + ' > ' + box.clientWidth] : [])`;

t.test('the look of every page', { skip: withoutBrowser, timeout: 900_000 }, async (t) => {
  const cloud = await Cloud.start(t, { network });
  await cloud.prepare();
  for (const host of [4, 5]) await cloud.machine(t, host, 8080);
  const { profile } = await openProfile(t, { reducedMotion: 'reduce' });
  mkdirSync(pictures, { recursive: true });
  const open = async (page: Page, path: string): Promise<void> => {
    await page.goto(`${cloud.emulator.httpUrl}/portal${path}`);
    await page.waitForSelector('h1');
    // A spinner, or the outline of what is read.
    await page.locator('.fui-Spinner, .fui-Skeleton').first().waitFor({ state: 'detached' });
  };

  const look = async (
    t: Test,
    { names, themes, prefix }: { names: readonly string[]; themes: readonly string[]; prefix: string },
  ) => {
    const { page, errors } = await openPage(profile);
    // A theme that is chosen in one tab is shown in all: each page is loaded once.
    const other = await page.context().newPage();
    await other.goto(`${cloud.emulator.httpUrl}/portal/icon.svg`);
    // A tab in the background draws once a second.
    await page.bringToFront();
    const choose = async (theme: string): Promise<void> => {
      await other.evaluate(`localStorage.setItem('lazurite.theme', '${theme}')`);
      await page.locator(`header button[aria-label^="Theme: ${theme}."]`).waitFor({ state: 'attached' });
      await until('colours have changed', () =>
        page.evaluate('document.getAnimations().every((one) => !(one instanceof CSSTransition))'),
      );
    };
    for (const name of names) {
      await open(page, pages[name] ?? '/');
      if (name === 'where' && prefix === '') {
        await page.getByRole('button', { name: 'Where would it go?' }).click();
        await page.getByText('Chosen').waitFor();
      }
      if (name === 'simulation' && prefix === '') {
        await page.getByRole('button', { name: 'Simulate' }).click();
        await page.getByText('clients met one member only').nth(2).waitFor();
      }
      await page.evaluate(axe);
      for (const theme of themes) {
        await choose(theme);
        t.strictSame(await violations(page), [], `${prefix}${name} (${theme})`);
        for (const width of [1280, 800]) {
          await page.setViewportSize({ width, height: 800 });
          await page.screenshot({
            path: `${pictures}/${prefix}${name}-${theme}-${width}.png`,
            animations: 'disabled',
          });
          t.strictSame(await page.evaluate(cutOff), [], `${prefix}${name} (${theme}) is not cut off at ${width}`);
        }
        await page.setViewportSize({ width: 1280, height: 800 });
      }
    }
    t.strictSame(errors, []);
    await other.evaluate('localStorage.clear()');
    for (const one of [page, other]) await one.close();
  };

  await t.test('with nothing in the cloud', (t) => look(t, { names: emptyPages, themes: ['light'], prefix: 'empty-' }));
  await populate(t, cloud);
  await t.test('with something of everything', (t) =>
    look(t, { names: Object.keys(pages), themes: ['light', 'dark', 'contrast'], prefix: '' }),
  );

  await t.test('makes the pictures of the documentation', async (t) => {
    const web = await addWeb(t, cloud);
    const { page } = await openPage(profile);
    await page.setViewportSize({ width: 1280, height: 660 });
    const picture = (name: string) => page.screenshot({ path: `${pictures}/portal-${name}.png` });
    await open(page, `/load-balancer${idOf('loadBalancers/web')}/rules`);
    await page.getByText('Degraded (2 of 3)').nth(1).waitFor();
    await picture('rules');
    await open(page, `/load-balancer${idOf('loadBalancers/web')}/insights`);
    await page.getByText('100 %').first().waitFor();
    await picture('insights');
    await open(page, '/traffic?tab=where');
    await page.getByLabel('To (IP:port)').fill(web);
    await page.getByRole('button', { name: 'Where would it go?' }).click();
    await page.getByText('Chosen').waitFor();
    await picture('traffic');
    t.strictSame(await page.evaluate(cutOff), []);
    await page.close();
  });
});
