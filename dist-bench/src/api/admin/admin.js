/** The admin API under `/_lazurite/`: what Azure does not show, and what only an emulator can do. */
import { addClockRoutes, addSnapshotRoutes } from './control-routes.js';
import { backendsOf, frontendsOf, outboundOf } from './data-plane-views.js';
import { addExplainRoute } from './explain-route.js';
import { addFaultRoutes } from './faults.js';
import { addJournalRoutes } from './journal-routes.js';
import { addMetricRoutes } from './metric-routes.js';
import { adminRoute } from './requests.js';
import { addSimulateRoute } from './simulate-route.js';
import { addStandInRoutes } from './stand-ins.js';
/** Registers the admin routes on `app`: open to everyone is only what a client needs before it can have a token. */
export async function addAdminRoutes(app, context) {
    const { engine, authorize } = context;
    const auth = authorize ? 'token' : 'off';
    app.get('/_lazurite/ready', adminRoute('ready'), (_request, reply) => {
        if (!engine.running)
            reply.code(503).header('retry-after', '1');
        return { status: engine.running ? 'ready' : 'restarting', engine: engine.name, auth };
    });
    app.get('/_lazurite/ca.pem', adminRoute('ca'), (_request, reply) => reply.type('application/x-pem-file').send(context.caPem));
    await app.register(async (guarded) => {
        if (authorize)
            guarded.addHook('onRequest', authorize);
        addGuardedRoutes(guarded, context);
    });
}
function addGuardedRoutes(app, context) {
    const { engine, plan } = context;
    app.get('/_lazurite/frontends', adminRoute('frontends'), () => ({ value: frontendsOf(plan(), engine) }));
    app.get('/_lazurite/backends', adminRoute('backends'), () => ({ value: backendsOf(plan(), engine) }));
    app.get('/_lazurite/outbound', adminRoute('outbound'), () => ({ value: outboundOf(plan(), engine) }));
    app.get('/_lazurite/flows', adminRoute('flows'), async () => ({ value: await engine.flows() }));
    app.get('/_lazurite/counters', adminRoute('counters'), () => ({ value: engine.counters() }));
    addExplainRoute(app, context);
    addSimulateRoute(app, context);
    addClockRoutes(app, context);
    addJournalRoutes(app, context.journal);
    addFaultRoutes(app, context.faults);
    addStandInRoutes(app, context);
    addSnapshotRoutes(app, context.snapshots);
    addMetricRoutes(app, context);
    app.post('/_lazurite/reset', adminRoute('reset'), async (_request, reply) => {
        await context.reset();
        return reply.code(204).send();
    });
    const { stop } = context;
    if (stop === undefined)
        return;
    app.post('/_lazurite/stop', adminRoute('stop'), (_request, reply) => {
        reply.raw.once('close', stop);
        return reply.code(202).send();
    });
}
//# sourceMappingURL=admin.js.map