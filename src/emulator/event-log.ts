/** What happens in an emulator: from the engine to the readers of events, and into the log. */
import type { EngineEvents } from '../data-plane/model/engine.js';
import type { Events } from '../support/events.js';
import type { Log } from '../support/log.js';

/** What an engine reports, as events. */
export const engineEvents = (events: Events): EngineEvents => ({
  onHealth: (changes) => events.emit('health', { changes }),
  onFrontendState: (state) => events.emit('frontend', state),
  onInterrupted: (interruption) => events.emit('engineInterrupted', interruption),
  onRestarted: () => events.emit('engineRestarted', {}),
  onFailure: (error) => events.emit('engineFailure', { error }),
});

/** Logs what happens. */
export function logEvents(events: Events, log: Log): void {
  events.read('frontend', ({ key, rule, state, boundAddress, boundPort, reason }) => {
    if (state === 'Bound') log.info('a frontend is bound', { key, rule, boundAddress, boundPort });
    else log.warn('a frontend is not where Azure would have it', { key, rule, state, boundAddress, boundPort, reason });
  });
  events.read('health', ({ changes }) => {
    for (const { key, up, reason } of changes) log.info(up ? 'a member is up' : 'a member is down', { key, reason });
  });
  events.read('mode', ({ rule, from, to }) => log.info('the mode was switched', { rule, from, to }));
  events.read('deployment', ({ id, state }) => {
    if (state === 'Succeeded') log.info('a deployment is done', { id, state });
    else if (state === 'Failed' || state === 'Canceled') log.warn('a deployment is not done', { id, state });
  });
  events.read('engineInterrupted', ({ error, lostFlows, restartsInMs }) =>
    log.error('the thread of the data plane failed and is started anew', { lostFlows, restartsInMs }, error),
  );
  events.read('engineRestarted', () => log.warn('the data plane works again; the flows it had are gone'));
  events.read('engineFailure', ({ error }) => log.error('the data plane failed for good', {}, error));
}
