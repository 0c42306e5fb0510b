/** Answers of reads that are kept: never another than one made anew, and never more than there is room for. */
import fc from 'fast-check';
import { test } from 'tap';
import { AnswerCache } from '../../src/store/answer-cache.js';
import { ArmClient, balancerId, loadBalancer, network, publicIPAddressId } from '../api/arm/resources/arm-client.js';

test('answers take no more than their limit, and the least recently used ones go', (t) => {
  const answers = new AnswerCache(10_000);
  let made = 0;
  const ask = (key: string) =>
    answers.answer(key, () => {
      answers.read(key);
      return { body: `${++made}`.padEnd(1000) };
    });
  for (let count = 0; count < 100; count++) {
    ask(`key ${count}`);
    ask('often asked');
    t.ok(answers.bytes <= 10_000);
  }
  t.equal(made, 101, 'what is asked for often stays');
  answers.changed('often asked');
  ask('often asked');
  t.equal(made, 102, 'what has changed is made anew');
  answers.answer('too long', () => ({ body: 'x'.repeat(6000) }));
  t.ok(answers.bytes <= 10_000);
  answers.clear();
  t.equal(answers.bytes, 0);
  t.end();
});

test('a read never gives another answer than one that is made anew', async (t) => {
  const delayMs = 1000;
  const azure = await ArmClient.start(t, { argv: ['--operation-delay', String(delayMs)] });
  await azure.makeGroup();
  const settle = () => azure.emulator.advance(2 * delayMs);
  await azure.makePublicIPAddress('ip');
  await settle();
  await azure.put(balancerId, loadBalancer());
  await azure.makeNetwork();
  await settle();
  const nicId = `${network}/networkInterfaces/nic`;
  const pools = [`${balancerId}/backendAddressPools/pool`];
  const steps: Record<string, () => Promise<unknown>> = {
    attach: () => azure.makeNetworkInterface('nic', { pools }).catch(() => {}),
    detach: () => azure.makeNetworkInterface('nic', { pools: [] }).catch(() => {}),
    removeNic: () => azure.delete(nicId),
    tags: () => azure.send('PATCH', balancerId, { tags: { at: String(Math.random()) } }),
    put: () => azure.put(balancerId, loadBalancer()),
    remove: () => azure.delete(balancerId),
    removeChild: () => azure.delete(`${balancerId}/probes/probe`),
    address: () => azure.makePublicIPAddress('other').catch(() => {}),
    time: settle,
  };
  const urls = [
    balancerId,
    `${balancerId}?$expand=frontendIPConfigurations/publicIPAddress`,
    `${balancerId}/backendAddressPools`,
    `${balancerId}/backendAddressPools/pool`,
    `${network}/loadBalancers`,
    `${network}/publicIPAddresses`,
    publicIPAddressId('ip'),
    nicId,
  ];
  let fresh = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...Object.keys(steps)), { minLength: 1, maxLength: 8 }),
      async (names) => {
        for (const name of names) {
          await steps[name]?.();
          for (const url of urls) {
            const kept = await azure.get(url);
            // No answer is kept for a query that was never asked.
            const anew = await azure.get(`${url}${url.includes('?') ? '&' : '?'}fresh=${++fresh}`);
            t.strictSame([kept.status, kept.body], [anew.status, anew.body], `${name}: ${url}`);
          }
        }
      },
    ),
    { numRuns: 12 },
  );
});
