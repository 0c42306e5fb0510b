/** The userspace engine alone in a process, for bench/data-plane.ts: one TCP and one UDP rule, `FRONTEND BACKEND`. */
import { UserspaceEngine } from '../src/data-plane/userspace/engine.js';
import { Clock } from '../src/support/clock.js';
import { member } from '../test/data-plane/plans.js';
import { planFor } from './engine-plan.js';
const placeOf = (text = '') => {
    const [address = '', port] = text.split(':');
    return { address, port: Number(port) };
};
const [frontend, backend] = process.argv.slice(2).map(placeOf);
if (!frontend || !backend)
    throw new Error('FRONTEND BACKEND, each as ADDRESS:PORT');
const engine = new UserspaceEngine({
    clock: new Clock(),
    events: { onFailure: (error) => console.error(error) },
});
await engine.apply(planFor(frontend, [member(backend.address, backend.port)]));
for (const state of engine.frontends())
    if (state.state !== 'Bound')
        console.error(state.reason);
console.log('ready');
// An orderly end writes the profile of `node --cpu-prof`.
process.once('SIGTERM', () => engine.close(0).then(() => process.exit()));
//# sourceMappingURL=data-plane-engine.js.map