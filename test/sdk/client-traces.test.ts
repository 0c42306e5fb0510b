/**
 * What Terraform, the Go SDK and Kubernetes' cloud provider were recorded to send, sent again in its order: every answer
 * has a status that the client's own code accepts, and no request fails for want of a route.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type Answer, ArmClient, type Json } from '../api/arm/resources/arm-client.js';

const folder = join(process.env.LAZURITE_SHARED ?? '../shared', 'client-traces');
const skip = existsSync(folder) ? false : `no recorded requests of clients in ${folder}`;

/** One recorded request. The answers come from a stub: they tell what was there already, and nothing else. */
interface Recorded {
  readonly seq: number;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | object;
  readonly status: number;
  readonly resp: Json;
}

const network = String.raw`/providers/Microsoft\.Network/\w+/[^/]+(/\w+/[^/]+)?`;

/**
 * Which statuses the clients' generated code takes. Terraform: `ExpectedStatusCodes` in hashicorp/go-azure-sdk,
 * resource-manager/{service}/{version}/{type}/method_*.go. Go and Kubernetes: `runtime.HasStatusCode` in
 * Azure/azure-sdk-for-go, sdk/resourcemanager/{service}/arm{service}/*_client.go.
 */
const operations: readonly {
  readonly method: string;
  readonly path: RegExp;
  readonly accepted: readonly number[];
  readonly source: string;
}[] = [
  {
    method: 'PUT',
    path: new RegExp(`${network}$`, 'i'),
    accepted: [200, 201],
    source: 'go-azure-sdk network/*/method_createorupdate.go; armnetwork *Client.createOrUpdate',
  },
  {
    method: 'DELETE',
    path: new RegExp(`${network}$`, 'i'),
    accepted: [200, 202, 204],
    source: 'go-azure-sdk network/*/method_delete.go; armnetwork *Client.deleteOperation',
  },
  {
    method: 'PUT',
    path: /\/providers\/Microsoft\.Compute\/virtualMachines\/[^/]+$/i,
    accepted: [200, 201],
    source: 'armcompute VirtualMachinesClient.createOrUpdate',
  },
  {
    method: 'PUT',
    path: /\/resourceGroups\/[^/]+$/i,
    accepted: [200, 201],
    source: 'go-azure-sdk resources/resourcegroups/method_createorupdate.go; armresources ResourceGroupsClient',
  },
  {
    method: 'DELETE',
    path: /\/resourceGroups\/[^/]+$/i,
    accepted: [200, 202],
    source: 'go-azure-sdk resources/resourcegroups/method_delete.go',
  },
  {
    method: 'GET',
    path: /\/operationResults\/[^/]+$/i,
    accepted: [200, 202, 204],
    source: 'go-azure-sdk sdk/client/resourcemanager/poller_lro.go; azcore runtime/poller',
  },
  {
    method: 'GET',
    path: /\/graph\/v1\.0\/servicePrincipals$/i,
    // The provider only warns when it does not learn its own object id.
    accepted: [200, 404],
    source: 'terraform-provider-azurerm internal/clients/auth.go',
  },
  { method: 'GET', path: /./, accepted: [200], source: 'http.StatusOK in every method_get.go and *_client.go' },
  {
    method: 'POST',
    path: /\/token$/i,
    accepted: [200],
    source: 'microsoft-authentication-library-for-go; go-azure-sdk auth',
  },
];

/** What is not there may be asked for: the resource is missing then, not the route. */
const notThere = /^(ResourceNotFound|ResourceGroupNotFound|NotFound)$/;

const isAccepted = (request: Recorded, answer: Answer): boolean => {
  const path = request.url.split('?')[0] as string;
  const operation = operations.find(({ method, path: pattern }) => method === request.method && pattern.test(path));
  if (operation?.accepted.includes(answer.status)) return true;
  const { code = '', message = '' } = (answer.body.error ?? {}) as { code?: string; message?: string };
  const isMissing = notThere.test(code) && !message.startsWith('Nothing answers');
  return request.method === 'GET' && answer.status === 404 && isMissing;
};

/** The recorded requests of a client's runs, by file. */
const runsOf = (client: string): Recorded[][] =>
  readdirSync(folder)
    .filter((name) => name.startsWith(`${client}-`) && name.endsWith('.jsonl'))
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean))
    .map((lines) => lines.map((line) => JSON.parse(line) as Recorded));

const topLevel = /^\/subscriptions\/[^/]+\/resourcegroups\/[^/]+\/providers\/[^/]+\/[^/]+\/[^/]+$/i;
const groupOf = (path: string): string | undefined =>
  /^\/subscriptions\/[^/]+\/resourcegroups\/[^/]+/i.exec(path)?.[0].toLowerCase();
const pathOf = ({ url }: Recorded): string => url.split('?')[0] as string;

/** A resource or group as a run first met it: there, not there, or made by the run itself. */
type Found = Json | 'absent' | 'made';

/** What a run found, by folded id, what others refer to before what refers to it. */
function foundBy(run: readonly Recorded[]): [id: string, found: Found][] {
  const met = new Map<string, Found>();
  const meet = (id: string, found: Found) => met.has(id) || met.set(id, found);
  for (const request of run) {
    const path = pathOf(request).toLowerCase();
    const group = groupOf(path);
    if (group === undefined) continue;
    meet(group, group === path && request.status === 404 ? 'absent' : {});
    const isRead = request.method === 'GET';
    if (topLevel.test(path)) meet(path, !isRead ? 'made' : request.status === 200 ? request.resp : 'absent');
    const listed = (isRead && (request.resp?.value as Json[] | undefined)) || [];
    for (const { id, ...one } of listed) if (topLevel.test(String(id))) meet(String(id).toLowerCase(), one);
    const sets = JSON.stringify(request.body).match(/[^"\\]+\/availabilitySets\/[^"\\]+/gi) ?? [];
    for (const set of sets) meet(set.toLowerCase(), { sku: { name: 'Aligned' } });
  }
  const order = ['virtualnetworks', 'networksecuritygroups', 'publicipaddresses', 'loadbalancers'];
  const rank = (id: string) => (groupOf(id) === id ? -1 : (order.indexOf(id.split('/').at(-2) ?? '') + 9) % 9);
  return [...met].sort(([a], [b]) => rank(a) - rank(b));
}

/** Makes what a run found there already, or begins anew when there is something that it did not find. */
async function prepare(azure: ArmClient, run: readonly Recorded[]): Promise<void> {
  const all = foundBy(run);
  const isThere = async (id: string) => (await azure.get(id)).status === 200;
  for (const [id, found] of all) if (found === 'absent' && (await isThere(id))) await azure.reset();
  for (const [id, found] of all) {
    if (typeof found === 'object' && !(await isThere(id))) await azure.made(id, { location: 'westeurope', ...found });
  }
}

const isHeaderOfClient = (name: string): boolean => !/^(host|connection|content-length|accept-encoding)$/i.test(name);

/** The requests of a client's runs, sent one after the other. */
class Client {
  #operation: string | undefined;
  readonly #etags = new Map<string, string>();

  constructor(readonly azure: ArmClient) {}

  async send(request: Recorded): Promise<Answer> {
    const path = pathOf(request);
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => isHeaderOfClient(name)));
    // A client repeats the etag and the polling address that it was given.
    const etag = this.#etags.get(path.toLowerCase());
    if (headers['if-match'] !== undefined && etag !== undefined) headers['if-match'] = etag;
    const poll = /\/(operation(?:Results|s))\/[^/]+$/i.exec(path) ? this.#operation : undefined;
    const text = typeof request.body === 'string' ? request.body : JSON.stringify(request.body);
    const options = { apiVersion: undefined, headers, ...(text === '' ? {} : { text }) };
    const answer = await this.azure.send(request.method, poll ?? request.url, undefined, options);
    this.#operation = answer.headers['azure-asyncoperation'] ?? this.#operation;
    if (typeof answer.body.etag === 'string') this.#etags.set(path.toLowerCase(), answer.body.etag);
    return answer;
  }
}

for (const [prefix, name] of [
  ['tf', 'Terraform'],
  ['go', 'the Go SDK'],
  ['k8s', 'Kubernetes'],
] as const) {
  t.test(`${name} gets a status that it accepts for everything it was seen to send`, { skip }, async (t) => {
    const azure = await ArmClient.start(t);
    const client = new Client(azure);
    let asked = 0;
    for (const run of runsOf(prefix)) {
      await prepare(azure, run);
      for (const request of run) {
        const answer = await client.send(request);
        asked++;
        if (!isAccepted(request, answer)) {
          t.fail(`${request.seq} ${request.method} ${request.url}: ${answer.status} ${answer.text.slice(0, 300)}`);
        }
      }
    }
    t.ok(asked > 20, `${asked} requests`);
  });
}
