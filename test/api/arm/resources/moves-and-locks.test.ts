/** Resources in another group than before (`moveResources`), and locks that keep them as they are. */
import { test } from 'tap';
import * as arm from './arm-client.js';

const target = `/subscriptions/${arm.subscriptionId}/resourceGroups/Elsewhere`;
const resourcesApi = { apiVersion: '2021-04-01' };
const vnet = `${arm.network}/virtualNetworks/vnet`;
const nic = `${arm.network}/networkInterfaces/nic`;
const pool = arm.childId('backendAddressPools', 'pool');
const elsewhere = (id: string): string => id.replace(arm.group, target);
const codeOf = ({ status, body }: arm.Answer): unknown =>
  status < 300 ? status : [status, arm.at(body, 'error.code')];
const detailsOf = ({ body }: arm.Answer): string[] =>
  ((arm.at(body, 'error.details') ?? []) as arm.Json[]).map(({ code }) => String(code));

const spread = arm.natRule('spread', {
  frontendPort: undefined,
  frontendPortRangeStart: 6000,
  frontendPortRangeEnd: 6002,
  backendAddressPool: { id: pool },
});

async function prepared(azure: arm.ArmClient): Promise<void> {
  await azure.makeLoadBalancer({ inboundNatRules: [spread] });
  await azure.made(nic, arm.networkInterface({ pools: [pool] }));
  await azure.makeGroup(target);
}

const move = (
  azure: arm.ArmClient,
  resources: unknown,
  action = 'moveResources',
  targetResourceGroup: unknown = target,
) => azure.post(`${arm.group}/${action}`, { resources, targetResourceGroup }, resourcesApi);

test('A move of resources to another group is checked as on Azure', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeGroup();
  await azure.makePublicIPAddress('ip');
  const resources = [arm.publicIPAddressId('ip')];
  for (const action of ['validateMoveResources', 'moveResources']) {
    const ask = async (...body: [unknown, unknown?]) => codeOf(await move(azure, body[0], action, body[1] ?? target));
    t.same(await ask(resources), [404, 'ResourceGroupNotFound']);
    await azure.makeGroup(target);
    t.same(await ask([`${resources[0]}2`]), [404, 'ResourceNotFound']);
    for (const wrong of [undefined, [], [{}], [`${vnet}/subnets/default/x`]]) {
      t.same(await ask(wrong), [400, 'InvalidRequestContent'], JSON.stringify(wrong));
    }
    for (const wrong of [{ toString: 1 }, 'group', arm.group]) {
      t.same(await ask(resources, wrong), [400, 'InvalidRequestContent'], JSON.stringify(wrong));
    }
    await azure.made(elsewhere(resources[0] as string), { location: 'westeurope' });
    const taken = await move(azure, resources, action);
    t.same(
      [codeOf(taken), detailsOf(taken)],
      [[409, 'ResourceMoveProviderValidationFailed'], ['ResourceAlreadyExists']],
    );
    await azure.delete(target, resourcesApi);
  }
  await azure.makeGroup(target);
  t.equal((await move(azure, resources, 'validateMoveResources')).status, 204);
  t.equal((await azure.get(resources[0] as string)).status, 200);
});

test('What moves keeps all but its id, and every reference follows', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await prepared(azure);
  const all = [arm.balancerId, vnet, nic, arm.publicIPAddressId('ip')];
  const strip = (text: string): string =>
    text
      .replaceAll(/W\/\\"[^"]*"/g, '')
      .replaceAll(target, arm.group)
      .replaceAll(/"(name|id)":"[^"]{36}"|[0-9a-f-]{36}/g, '');
  // Alone, then what it refers to, then the rest: each time the references on both sides lead on.
  for (const [index, one] of all.entries()) {
    const before = await Promise.all(all.map((id, at) => azure.get(at < index ? elsewhere(id) : id)));
    const answer = await move(azure, [one.toUpperCase()]);
    t.equal(answer.status, 202, answer.text);
    t.equal((await azure.get(new URL(answer.headers.location as string).pathname, resourcesApi)).status, 200);
    t.equal((await azure.get(one)).status, 404);
    for (const [at, id] of all.entries()) {
      const after = await azure.get(at <= index ? elsewhere(id) : id);
      t.equal(after.status, 200, id);
      t.equal(strip(after.text), strip((before[at] as arm.Answer).text), `${id} after the move of ${one}`);
    }
  }
  const moved = arm.networkInterface({ pools: [elsewhere(pool)], subnet: elsewhere(`${vnet}/subnets/default`) });
  const second = (await azure.made(elsewhere(`${nic}2`), moved)) as arm.Json;
  t.equal(
    arm.at(second, 'properties.ipConfigurations.0.properties.privateIPAddress'),
    '10.0.0.5',
    'addresses stay held',
  );
  const { body } = await azure.get(elsewhere(pool));
  t.same(
    (arm.at(body, 'properties.loadBalancerBackendAddresses') as arm.Json[]).map((one) =>
      arm.at(one, 'properties.inboundNatRulesPortMapping.0.frontendPort'),
    ),
    [6000, 6001],
    'members keep their ports',
  );
  for (const id of all.map(elsewhere)) {
    const { body: shown, text } = await azure.get(id);
    const back = await azure.put(id, shown);
    t.same([back.status, back.text], [200, text], `${id} can be put back and nothing changes`);
  }
  t.equal((await azure.delete(elsewhere(vnet))).status, 400, 'it is in use where it is now');
});

test('What belongs together moves together to another subscription', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await prepared(azure);
  const other = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/far';
  await azure.makeGroup(other);
  const alone = await move(azure, [nic], 'moveResources', other);
  t.same(codeOf(alone), [409, 'ResourceMoveProviderValidationFailed']);
  t.same(new Set(detailsOf(alone)), new Set(['MissingMoveDependentResources']));
  const all = [arm.balancerId, vnet, nic, arm.publicIPAddressId('ip')];
  t.equal((await move(azure, all, 'moveResources', other)).status, 202);
  for (const id of all) t.equal((await azure.get(id.replace(arm.group, other))).status, 200, id);
});

const locksOf = (scope: string): string => `${scope}/providers/microsoft.authorization/locks`;
const lockApi = { apiVersion: '2020-05-01' };

test('A lock holds for what it is on and all below, from group and subscription too', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await prepared(azure);
  const ip = arm.publicIPAddressId('ip');
  const account = `${arm.group}/providers/Microsoft.Storage/storageAccounts/store`;
  await azure.made(account, { location: 'westeurope' });
  const body = (await azure.get(arm.balancerId)).body;
  const tags = { tags: { a: 'b' } };
  const refused = [409, 'ScopeLocked'];
  for (const scope of [`/subscriptions/${arm.subscriptionId}`, arm.group, arm.balancerId]) {
    const lock = `${locksOf(scope)}/keep`;
    for (const level of ['CanNotDelete', 'ReadOnly']) {
      t.match((await azure.put(lock, { properties: { level } }, lockApi)).status, /20[01]/, `${level} on ${scope}`);
      const writes = level === 'ReadOnly' ? refused : 200;
      const deletions = [arm.balancerId, pool, ...(scope === arm.balancerId ? [] : [ip, account, nic])];
      for (const id of deletions) t.same(codeOf(await azure.delete(id)), refused, `DELETE ${id}, ${level} on ${scope}`);
      t.same(codeOf(await azure.delete(arm.group, resourcesApi)), refused, `the group, ${level} on ${scope}`);
      t.same(codeOf(await azure.put(arm.balancerId, body)), writes, `PUT, ${level} on ${scope}`);
      t.same(codeOf(await azure.patch(arm.balancerId, tags)), writes, `PATCH, ${level} on ${scope}`);
      const child = (await azure.get(pool)).body;
      t.same(codeOf(await azure.put(pool, child)), writes, `PUT of a child, ${level} on ${scope}`);
      t.equal((await azure.get(arm.balancerId)).status, 200, 'reads are free');
      if (level === 'ReadOnly') t.same(codeOf(await move(azure, [arm.balancerId])), refused, `a move, ${scope}`);
    }
    const answer = await azure.delete(arm.balancerId);
    t.equal(
      arm.at(answer.body, 'error.message'),
      `The scope '${arm.balancerId}' cannot perform delete operation because following scope(s) are locked: '${scope}'. Please remove the lock and try again.`,
    );
    t.equal((await azure.delete(lock, lockApi)).status, 200, 'a lock can always be taken away');
  }
  await azure.put(`${locksOf(account)}/keep`, { properties: { level: 'CanNotDelete' } }, lockApi);
  t.same(codeOf(await azure.delete(arm.group, resourcesApi)), refused, 'a group with a locked resource in it');
  t.equal((await azure.delete(arm.balancerId)).status, 202, 'its neighbours are free');
  t.equal((await azure.put(arm.publicIPAddressId('more'), { location: 'westeurope' })).status, 201);
  t.same(codeOf(await azure.put(arm.balancerId, arm.loadBalancer())), 201);
});
