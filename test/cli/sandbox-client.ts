/** A balancer with two members behind port 80, and a call through it: prints who was called, and from where. */
import { createServer } from 'node:http';
import { DemoAzure, everyMemberUp } from '../../src/cli/demo/azure.js';
import { createHttpClient } from '../../src/cli/http-client.js';

const seen = new Set<string | undefined>();
for (const address of ['127.0.0.4', '127.0.0.5']) {
  createServer((request, response) => {
    if (request.url === '/health') seen.add(request.socket.remoteAddress);
    response.end(`${process.argv[2]} ${request.socket.remoteAddress}`);
  }).listen(8080, address);
}
const url = new URL(process.env.LAZURITE_URL as string);
const client = createHttpClient({ url: `http://${url.host}` });
const azure = new DemoAzure(client, { subscriptionId: process.env.AZURE_SUBSCRIPTION_ID as string, group: 'sandbox' });
await azure.createNetwork('10.0.0.0/24', 2);
const address = await azure.createLoadBalancer({ frontend: 80, backend: 8080 }, 2);
await everyMemberUp(azure, 2);
const answer = await (await fetch(`http://${address}/`)).text();
process.stdout.write(JSON.stringify({ address, answer, url: url.origin, probedFrom: [...seen] }), () =>
  process.exit(0),
);
