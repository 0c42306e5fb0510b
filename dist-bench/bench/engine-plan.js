import { frontend, plan, rule } from '../test/data-plane/plans.js';
export function planFor({ address, port }, members) {
    const only = rule(members);
    return plan(['tcp', 'udp'].map((transport) => frontend(transport, `${address}:${port}`, only)));
}
//# sourceMappingURL=engine-plan.js.map