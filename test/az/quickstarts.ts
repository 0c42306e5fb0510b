/** Templates in the manner of the public quickstarts, and as Bicep compiles them; and what has to come of each. */
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = new URL('templates/', import.meta.url);

/** What the outputs of each template have to be. */
const outputs: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'bicep-modules': { address: /^127\./, pool: /\/loadBalancers\/modules-lb\/backendAddressPools\/web$/ },
  'bicep-symbolic-names': { frontends: ['front-0', 'front-1'], members: ['10.30.0.4', '10.30.0.5'] },
  'cross-region': { address: /^127\./, regions: ['westeurope', 'northeurope'] },
  'dual-stack': { versions: ['IPv4', 'IPv6'] },
  'floating-ip': { listener: '10.31.0.10', floating: true },
  'high-availability-ports': { rule: { protocol: 'All', frontendPort: 0, backendPort: 0 } },
  'internal-balancer': { address: '10.32.0.100', machines: 2 },
  'nat-rules': { ports: [50001, 50002], target: /\/networkInterfaces\/nat-nic-0\/ipConfigurations\/ipconfig$/ },
  'outbound-rules': { ports: 10000, snatOff: true },
  'public-balancer': { address: /^127\./, fqdn: /^quick[a-z0-9]+\.westeurope\.cloudapp\.azure\.com$/, machines: 3 },
  'scale-set': { pool: /\/backendAddressPools\/scale-set$/, natPool: { frontendPortRangeStart: 50000 } },
  'two-pools': { rules: ['blue', 'green'] },
};

export interface Quickstart {
  readonly name: string;
  /** Path of the template. */
  readonly file: string;
  /** What its outputs have to match; undefined when nobody said. */
  readonly outputs: Readonly<Record<string, unknown>> | undefined;
}

/** Every template, in the order of their names. */
export const quickstarts = (): Quickstart[] =>
  readdirSync(folder)
    .sort()
    .map((file) => {
      const name = basename(file).replace(/\.jsonc?$/, '');
      return { name, file: fileURLToPath(new URL(file, folder)), outputs: outputs[name] };
    });

export interface Change {
  readonly changeType: string;
  readonly resourceId: string;
  readonly delta?: unknown;
}

/** The changes that must not be: what is deployed is what the template says. */
export const unexpectedChanges = (changes: readonly Change[]): Change[] =>
  changes.filter(({ changeType }) => changeType !== 'NoChange' && changeType !== 'Ignore');
