/** The engine of an emulator: chosen, started, and its reports made events. */
import type { Config } from '../config/config.js';
import type { Engine, EngineEvents } from '../data-plane/model/engine.js';
import type { Clock } from '../support/clock.js';
import type { Events } from '../support/events.js';

/** What an engine reports, as events. */
const engineEvents = (events: Events): EngineEvents => ({
  onHealth: (changes) => events.emit('health', { changes }),
  onFrontendState: (state) => events.emit('frontend', state),
  onInterrupted: (interruption) => events.emit('engineInterrupted', interruption),
  onRestarted: () => events.emit('engineRestarted', {}),
  onFailure: (error) => events.emit('engineFailure', { error }),
});

/** Starts the engine that `--engine` names; what it reports is emitted as events. Only its own code is loaded. */
export async function createEngine(
  engine: Config['engine'],
  { clock, events }: { clock: Clock; events: Events },
): Promise<Engine> {
  const options = { clock, events: engineEvents(events) };
  if (engine === 'none') return new (await import('../data-plane/none/engine.js')).NoneEngine();
  if (engine === 'userspace') return new (await import('../data-plane/userspace/engine.js')).UserspaceEngine(options);
  return new (await import('../data-plane/nftables/engine.js')).NftablesEngine(options);
}
