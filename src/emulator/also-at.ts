/**
 * `--also-at`: further addresses at which every frontend is reached, such as a container's own, where published ports
 * arrive. The engine is given each frontend once more for each of them; of several that want one port, the balancer that
 * was created first has it, and the log names it to the others.
 */
import { networkInterfaces } from 'node:os';
import { type ForwardingPlan, frontendKey, type PlanFrontend } from '../data-plane/model/plan.js';

/** The IPv4 addresses that `alsoAt` names now; `own` is every one of this machine but its loopback ones. */
function addressesOf(alsoAt: readonly string[]): readonly string[] {
  const own = () =>
    Object.values(networkInterfaces()).flatMap((addresses = []) =>
      addresses.flatMap(({ family, internal, address }) => (family === 'IPv4' && !internal ? [address] : [])),
    );
  return [...new Set(alsoAt.flatMap((address) => (address === 'own' ? own() : [address])))];
}

/** `frontend` at `address`; its rule, and with it the choice of a member, is the same. */
function at(address: string, frontend: PlanFrontend): PlanFrontend {
  const { leasedElsewhere: _, ...moved } = { ...frontend, address };
  return Object.freeze({ ...moved, key: frontendKey(moved) });
}

/** `plan` with every frontend at the addresses of `alsoAt` too. What the plan names itself goes first. */
export function withAlsoAt(plan: ForwardingPlan, alsoAt: readonly string[]): ForwardingPlan {
  const addresses = addressesOf(alsoAt);
  if (addresses.length === 0) return plan;
  const named = new Set(plan.frontends.map(({ key }) => key));
  const further = addresses
    .flatMap((address) => plan.frontends.filter(({ port }) => port !== 0).map((one) => at(address, one)))
    .filter(({ key, address }) => !named.has(key) && !address.includes(':'));
  return Object.freeze({ ...plan, frontends: Object.freeze([...plan.frontends, ...further]) });
}
