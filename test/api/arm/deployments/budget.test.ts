/** What a template may cost: whatever it computes, it is refused before it holds the thread or the memory. */
import t from 'tap';
import { planLinked } from '../../../../src/api/arm/deployments/plan.js';
import {
  deploymentRequest,
  readDeploymentRequest,
  readRequestBody,
} from '../../../../src/api/arm/deployments/request.js';
import { EvaluationBudget } from '../../../../src/api/arm/template/budget.js';
import { templateHash } from '../../../../src/api/arm/template/hashes.js';
import type { Json, JsonObject } from '../../../../src/api/arm/template/json.js';
import { inTurns } from '../../../../src/api/arm/template/json-reader.js';
import { turnsDuring } from '../../../turns.js';
import { plan, rg1, template } from './deploy-for-tests.js';
import { environment } from './evaluate-for-tests.js';

const doubled = (name: string, count: number, expression: (before: string) => string): JsonObject =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `${name}${index}`,
      index === 0 ? '0123456789abcdef' : `[${expression(`variables('${name}${index - 1}')`)}]`,
    ]),
  );

const output = (value: string, type = 'array'): JsonObject => ({ outputs: { o: { type, value } } });
const many = 'range(0, 10000)';
const a = "lambdaVariables('a')";
const long = "padLeft('', 100000, 'a')";

const costly: Readonly<Record<string, JsonObject>> = {
  'an array that doubles': output(`[reduce(range(0,60), createArray(1), lambda('a','b', concat(${a}, ${a})))]`),
  'an array that holds itself twice': output(
    `[reduce(range(0,60), createArray(1), lambda('a','b', createArray(${a}, ${a})))]`,
  ),
  'an object that holds itself twice': output(
    `[reduce(range(0,60), createObject(), lambda('a','b', createObject('x', ${a}, 'y', ${a})))]`,
    'object',
  ),
  'an array that holds itself': output(`[reduce(${many}, createArray(1), lambda('a','b', createArray(${a})))]`),
  'a text that doubles': output(`[reduce(range(0,60), 'x', lambda('a','b', concat(${a}, ${a})))]`, 'string'),
  'variables that double': {
    variables: doubled('v', 60, (v) => `concat(${v}, ${v})`),
    ...output("[variables('v59')]"),
  },
  'variables that format twice': {
    variables: doubled('v', 60, (v) => `format('{0}{0}', ${v})`),
    ...output("[variables('v59')]", 'string'),
  },
  'a long text for every character': output(`[replace(${long}, 'a', ${long})]`, 'string'),
  'every character replaced by two': output(
    `[reduce(range(0,60), 'aa', lambda('a','b', replace(${a}, 'a', 'aa')))]`,
    'string',
  ),
  'a long text between elements': output(`[join(${many}, ${long})]`, 'string'),
  'a long text in every place': output(`[format('${'{0}'.repeat(5000)}', ${long})]`, 'string'),
  'loops inside of loops': output(
    `[map(${many}, lambda('a', map(${many}, lambda('b', map(${many}, lambda('c', ${a}))))))]`,
  ),
  'a search in every element': output(`[map(${many}, lambda('a', contains(${many}, -1)))]`),
  'every element with every other': output(`[map(range(0, 1000), lambda('a', union(${many}, range(10000, 10000))))]`),
  'a sort of sorts': output(`[map(${many}, lambda('a', sort(${many}, lambda('x', 'y', false))))]`),
  'thousands of subnets': output(`[map(${many}, lambda('i', cidrSubnet('::/0', 64, lambdaVariables('i'))))]`),
  'a hash of long texts': output(`[map(${many}, lambda('a', uniqueString(${long})))]`),
  'long texts in lower case': output(`[map(${many}, lambda('a', toLower(${long})))]`),
  'JSON without end': output(`[json(concat(replace(${long}, 'a', '['), replace(${long}, 'a', ']')))]`),
  'a text split at every character': output(
    `[split(concat(${long}, ${long}), map(${many}, lambda('a', string(${a}))))]`,
  ),
  'functions that call each other': {
    functions: [
      {
        namespace: 'f',
        members: Object.fromEntries(
          Array.from({ length: 30 }, (_, index) => [
            `g${index}`,
            {
              parameters: [],
              output: {
                type: 'string',
                value: index === 0 ? 'x' : `[concat(f.g${index - 1}(), f.g${index - 1}())]`,
              },
            },
          ]),
        ),
      },
    ],
    ...output('[f.g29()]', 'string'),
  },
  'calls inside of variables inside of calls': {
    variables: Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [
        `v${index}`,
        index === 0 ? 1 : `[${'min('.repeat(100)}variables('v${index - 1}')${')'.repeat(100)}]`,
      ]),
    ),
    ...output("[variables('v199')]", 'int'),
  },
  'members of members': output(`[parameters('p')${'.a'.repeat(12_000)}]`, 'string'),
  'calls inside of calls': output(`[${'min('.repeat(5000)}1${')'.repeat(5000)}]`, 'int'),
  'copies inside of copies': {
    variables: {
      copy: [
        {
          name: 'v',
          count: 800,
          input: { copy: [{ name: 'w', count: 800, input: { copy: [{ name: 'x', count: 800, input: 'x' }] } }] },
        },
      ],
    },
    ...output("[variables('v')]"),
  },
};

t.test('Templates that grow without end are refused as InvalidTemplate, and quickly', async (t) => {
  for (const [title, sections] of Object.entries(costly)) {
    const source = template({ parameters: { p: { type: 'object', defaultValue: {} } }, ...sections });
    const started = process.cpuUsage();
    t.throws(() => plan(source), { code: 'InvalidTemplate' }, title);
    // Of this process, whatever else the machine does; a cold start and the collector of garbage are part of it.
    const ms = process.cpuUsage(started).user / 1000;
    t.ok(ms < 150, `${title}: ${ms.toFixed(1)} ms`);
  }
});

t.test('What templates really do stays within the limits', async (t) => {
  const rules = `map(range(0, 800), lambda('i', createObject('name', format('rule-{0:D3}', lambdaVariables('i')), 'port', add(1000, lambdaVariables('i')))))`;
  const sections = {
    variables: { rules: `[${rules}]`, text: "[base64(padLeft('', 100000, 'x'))]" },
    outputs: {
      names: { type: 'string', value: "[join(map(variables('rules'), lambda('r', lambdaVariables('r').name)), ',')]" },
      odd: {
        type: 'array',
        value: "[filter(variables('rules'), lambda('r', equals(mod(lambdaVariables('r').port, 2), 1)))]",
      },
      both: { type: 'array', value: '[union(range(0, 10000), range(5000, 10000))]' },
      size: { type: 'int', value: "[length(string(variables('rules')))]" },
      text: { type: 'int', value: "[length(variables('text'))]" },
    },
  };
  const request = deploymentRequest({ properties: { template: template(sections) } }, { name: 'd', scope: rg1 });
  const planned = await planLinked(request, environment());
  t.equal(planned.template.outputs.length, 5);
});

t.test('Writes that wait together are spread over turns of the loop, and so is reading their bodies', async (t) => {
  for (const begin of [
    (budget: EvaluationBudget, work: () => void) => budget.nextWrite({ properties: {} }, work),
    (budget: EvaluationBudget, work: () => void) => budget.nextPart(work),
  ]) {
    const budget = new EvaluationBudget();
    const perTurn = [0];
    const endTurn = (): void => {
      perTurn.push(0);
      if (!isDone) setImmediate(endTurn);
    };
    let isDone = false;
    setImmediate(endTurn);
    const all = Array.from({ length: 800 }, async () => {
      await begin(budget, () => {
        perTurn.push((perTurn.pop() as number) + 1);
      });
    });
    await Promise.all(all);
    isDone = true;
    t.ok(Math.max(...perTurn) <= 30, `${Math.max(...perTurn)} of 800 at most between two turns`);
  }
});

t.test('Parts that wait together are not refused for what the others cost', async () => {
  const budget = new EvaluationBudget();
  await Promise.all(Array.from({ length: 20 }, () => budget.nextPart(() => budget.spend(50_000))));
  await budget.nextWrite('x'.repeat(400_000), () => budget.spend(50_000));
});

const numbered = <T>(count: number, one: (index: number) => T): Record<string, T> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, one(index)]));
const ip = (name: string, more: JsonObject = {}): JsonObject => ({
  type: 'Microsoft.Network/publicIPAddresses',
  apiVersion: '2023-09-01',
  name,
  ...more,
});
const copied = (count: number, more: JsonObject = {}): JsonObject =>
  ip("[format('c{0}', copyIndex())]", { copy: { name: 'c', count }, ...more });
const nested = (resources: Json[]): JsonObject => ({
  type: 'Microsoft.Resources/deployments',
  apiVersion: '2022-09-01',
  name: 'inner',
  properties: {
    mode: 'Incremental',
    expressionEvaluationOptions: { scope: 'inner' },
    template: template({ resources }),
  },
});
const counted = (name: string, limit: number): RegExp =>
  new RegExp(
    `^Deployment template validation failed: 'The number of template ${name} limit exceeded\\. Limit: '${limit}' and actual: '${limit + 1}'\\. Please see https://aka\\.ms/arm-template/#${name} for usage details\\.'`,
  );

/** By what is limited: Azure's limit, a template with so much of it, and the refusal of one more. */
const limits: Readonly<Record<string, readonly [number, (count: number) => JsonObject, RegExp]>> = {
  parameters: [
    256,
    (count) => ({ parameters: numbered(count, (n) => ({ type: 'int', defaultValue: n })) }),
    counted('parameters', 256),
  ],
  variables: [512, (count) => ({ variables: numbered(count, (n) => n) }), counted('variables', 512)],
  outputs: [64, (count) => ({ outputs: numbered(count, (n) => ({ type: 'int', value: n })) }), counted('outputs', 64)],
  'resources one by one': [
    800,
    (count) => ({ resources: Object.values(numbered(count, (n) => ip(`ip${n}`))) }),
    counted('resources', 800),
  ],
  'resources with their copies': [
    800,
    (count) => ({ resources: [ip('one'), copied(count - 1)] }),
    counted('resources', 800),
  ],
  'resources with copies that are not deployed': [
    800,
    (count) => ({ resources: [ip('one'), copied(count - 1, { condition: false })] }),
    counted('resources', 800),
  ],
  'resources with the children of copies': [
    800,
    (count) => ({
      resources: [
        ...Object.values(numbered(count - 798, (n) => ip(`ip${n}`))),
        copied(399, { resources: [{ type: 'parts', apiVersion: '2023-09-01', name: 'part' }] }),
      ],
    }),
    counted('resources', 800),
  ],
  'resources of a nested template, whose own are counted apart': [
    800,
    (count) => ({
      resources: [...Object.values(numbered(799, (n) => ip(`ip${n}`))), nested([ip('x'), copied(count - 1)])],
    }),
    counted('resources', 800),
  ],
  'copies of one resource': [
    800,
    (count) => ({ resources: [copied(count)] }),
    /The copy count '801' exceeds the limit of '800'/,
  ],
  'copies of a variable': [
    800,
    (count) => ({ variables: { copy: [{ name: 'v', count, input: 'x' }] }, ...output("[variables('v')]") }),
    /The copy count '801' exceeds the limit of '800'/,
  ],
  'characters of an expression': [
    24_576,
    (count) => output(`['${'x'.repeat(count - 4)}']`, 'string'),
    /length limit exceeded/,
  ],
};

t.test('What Azure limits is taken up to its limit, and refused with one more', async (t) => {
  for (const [title, [limit, sections, refusal]] of Object.entries(limits)) {
    t.doesNotThrow(() => plan(template(sections(limit))), `${limit} ${title}`);
    t.throws(() => plan(template(sections(limit + 1))), { code: 'InvalidTemplate', message: refusal }, title);
  }
});

t.test('A template and its parameters have up to 4 MB together', async (t) => {
  const body = (bytes: number) => `{"properties":{"template":"${'x'.repeat(bytes - 30)}"}}`;
  const limit = 4 * 1024 * 1024;
  t.ok(await readRequestBody(body(limit)));
  await t.rejects(readRequestBody(body(limit + 1)), {
    status: 413,
    code: 'RequestContentTooLarge',
    message: 'The request content size exceeds the maximum size of 4 MB.',
  });
});

t.test('Others go first between the pieces of a long body', async (t) => {
  const long = JSON.stringify({ properties: { template: { metadata: Array.from({ length: 500_000 }, () => 1) } } });
  const { result, turns } = await turnsDuring(() => readRequestBody(long));
  t.match(result, { properties: { template: {} } });
  t.ok(turns >= 5, `${turns} turns of the loop for a megabyte`);
});

t.test(
  'Others go first while a template is read that was sent as a text, and while a long one is hashed',
  async (t) => {
    const long = template({ metadata: { numbers: Array.from({ length: 200_000 }, (_, index) => index) } });
    const body = JSON.stringify({ properties: { mode: 'Incremental', template: JSON.stringify(long) } });
    const read = await turnsDuring(() => readDeploymentRequest(body, { name: 'd1', scope: rg1 }));
    t.same(read.result.template, long);
    t.ok(read.turns >= 5, `${read.turns} turns of the loop for a text of 1.3 MB inside another`);
    const hashed = await turnsDuring(() => inTurns(templateHash(long)));
    t.match(hashed.result, /^\d+$/);
    t.ok(hashed.turns >= 5, `${hashed.turns} turns of the loop for its hash`);
    const request = deploymentRequest(
      { properties: { template: { ...long, contentVersion: '2.0.0.0' } } },
      { name: 'd1', scope: rg1 },
    );
    const planned = await turnsDuring(() => planLinked(request, environment()));
    t.ok(planned.turns >= 10, `${planned.turns} turns of the loop for its plan`);
  },
);

t.test('All that resources wait for comes to a bounded text', async (t) => {
  const waiting = (count: number): JsonObject =>
    template({
      resources: [
        ip("[format('a{0}', copyIndex())]", { copy: { name: 'a', count } }),
        ip("[format('b{0}', copyIndex())]", { copy: { name: 'b', count }, dependsOn: ['a'] }),
      ],
    });
  const { dependenciesShown } = plan(waiting(120));
  t.equal(dependenciesShown.length, 120);
  t.throws(() => plan(waiting(400)), { code: 'DeploymentJobSizeExceeded' });
});
