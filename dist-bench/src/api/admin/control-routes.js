import { adminRoute, badRequest, jsonBody } from './requests.js';
const view = ({ clock }) => ({
    now: clock.timestamp(),
    timeScale: clock.scale,
    advancedSeconds: Math.round(clock.advancedMs / 100) / 10,
});
/** Ten years: more is a mistake, and dates would end. */
const longestSeconds = 10 * 365 * 24 * 3600;
/** Registers the routes of the clock. */
export function addClockRoutes(app, context) {
    app.get('/_lazurite/clock', adminRoute('clock'), () => view(context));
    app.post('/_lazurite/clock', adminRoute('advanceClock'), async (request) => {
        const { advanceSeconds: seconds } = jsonBody(request);
        if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= longestSeconds)) {
            throw badRequest("'advanceSeconds' must be a number of Azure seconds");
        }
        await context.advance(seconds * 1000);
        return view(context);
    });
}
/** A snapshot may be far larger than a resource. */
const bodyLimitBytes = 256 * 1024 * 1024;
/** Registers the routes of snapshots. */
export function addSnapshotRoutes(app, keeper) {
    app.get('/_lazurite/snapshot', adminRoute('takeSnapshot'), () => keeper.take());
    app.put('/_lazurite/snapshot', { ...adminRoute('restoreSnapshot'), bodyLimit: bodyLimitBytes }, async (request, reply) => {
        await keeper.restore(jsonBody(request));
        return reply.code(204).send();
    });
}
//# sourceMappingURL=control-routes.js.map