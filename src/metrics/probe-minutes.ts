/** Which share of a minute each health probe was up: what DipAvailability reports. */
import type { ProbeHealth } from '../forwarding/engine.js';

interface Watch {
  up: boolean;
  /** Up to when `upMs` counts. */
  countedMs: number;
  startedMs: number;
  upMs: number;
}

export class ProbeMinutes {
  readonly #watches = new Map<string, Watch>();

  /** A probe has changed its mind, or spoken for the first time. */
  changed({ key, up, sinceMs }: Pick<ProbeHealth, 'key' | 'up' | 'sinceMs'>): void {
    const watch = this.#watches.get(key);
    if (!watch) {
      this.#watches.set(key, { up, countedMs: sinceMs, startedMs: sinceMs, upMs: 0 });
      return;
    }
    this.#countTo(watch, sinceMs);
    watch.up = up;
  }

  /** Shares between 0 and 1 since the last call, by probe key; probes that are gone are forgotten. */
  take(health: readonly ProbeHealth[], nowMs: number): ReadonlyMap<string, number> {
    const shares = new Map<string, number>();
    const present = new Set<string>();
    for (const { key, up, reason } of health) {
      present.add(key);
      if (reason === 'NA') continue;
      const watch = this.#watches.get(key);
      if (!watch) {
        this.#watches.set(key, { up, countedMs: nowMs, startedMs: nowMs, upMs: 0 });
        shares.set(key, up ? 1 : 0);
        continue;
      }
      this.#countTo(watch, nowMs);
      const wholeMs = watch.countedMs - watch.startedMs;
      shares.set(key, wholeMs > 0 ? watch.upMs / wholeMs : up ? 1 : 0);
      watch.startedMs = watch.countedMs;
      watch.upMs = 0;
    }
    for (const key of this.#watches.keys()) if (!present.has(key)) this.#watches.delete(key);
    return shares;
  }

  clear(): void {
    this.#watches.clear();
  }

  #countTo(watch: Watch, ms: number): void {
    if (ms <= watch.countedMs) return;
    if (watch.up) watch.upMs += ms - watch.countedMs;
    watch.countedMs = ms;
  }
}
