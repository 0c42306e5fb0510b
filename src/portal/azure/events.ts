/** The live stream `GET /_lazurite/events`, read with fetch so that it carries the token; resumes by Last-Event-ID. */
import { useSyncExternalStore } from 'react';
import { currentToken } from './http.js';

export interface LiveEvent {
  readonly id: string;
  /** `resource`, `member`, `frontend`, `counters`, `operation`, `deployment`, `fault`, `clock`, `request`, `reset`, `gap`. */
  readonly type: string;
  readonly data: Record<string, unknown>;
}

export type StreamState = 'connecting' | 'live' | 'lost';

type Listener = (event: LiveEvent) => void;

const listeners = new Set<Listener>();
const stateListeners = new Set<() => void>();
let state: StreamState = 'connecting';
let lastId: string | undefined;
let running = false;

function setState(next: StreamState): void {
  if (state === next) return;
  state = next;
  for (const listener of stateListeners) listener();
}

/** Reads one block of the stream: `id:`, `event:` and `data:` lines. Comments are heartbeats. */
function readBlock(block: string): void {
  let id = '';
  let type = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    if (line.startsWith('id:')) id = line.slice(3).trim();
    else if (line.startsWith('event:')) type = line.slice(6).trim();
    else if (line.startsWith('data:')) data.push(line.slice(5).trimStart());
  }
  if (id !== '') lastId = id;
  if (data.length === 0) return;
  const event = { id, type, data: JSON.parse(data.join('\n')) as Record<string, unknown> };
  for (const listener of listeners) listener(event);
}

async function readOnce(): Promise<void> {
  const token = currentToken();
  const response = await fetch('/_lazurite/events', {
    headers: {
      accept: 'text/event-stream',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
    },
  });
  if (!response.ok || !response.body) throw new Error(`the stream answered ${response.status}`);
  setState('live');
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) readBlock(block);
  }
}

async function keepReading(): Promise<void> {
  for (let failures = 0; ; ) {
    try {
      await readOnce();
      failures = 0;
    } catch {
      failures++;
    }
    setState('lost');
    await new Promise((resolve) => setTimeout(resolve, Math.min(5000, 250 * 2 ** failures)));
  }
}

/** Calls `listener` with every event from now on; returns how to stop. */
export function subscribe(listener: Listener): () => void {
  listeners.add(listener);
  if (!running) {
    running = true;
    void keepReading();
  }
  return () => listeners.delete(listener);
}

/** Whether the stream is connected. */
export const useStreamState = (): StreamState =>
  useSyncExternalStore(
    (listener) => {
      stateListeners.add(listener);
      return () => stateListeners.delete(listener);
    },
    () => state,
  );
