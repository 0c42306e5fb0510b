/** Sends what a form asks for, and keeps what was answered: for the form, and for the notifications of the frame. */
import { useState, useSyncExternalStore } from 'react';
import { write } from '../azure/arm.js';
import { type Answer, type PlannedRequest, RequestError } from '../azure/http.js';
import { queryClient } from '../azure/queries.js';

/** A request and what it was answered. */
export interface Answered {
  readonly request: PlannedRequest;
  readonly status: number;
  readonly body: unknown;
}

/** What one press of a button did. */
export interface Notification {
  readonly id: number;
  readonly title: string;
  readonly time: string;
  readonly state: 'running' | 'succeeded' | 'failed';
  readonly answers: readonly Answered[];
  readonly error?: string;
}

/** The last ones are kept, the newest first. */
const mostNotifications = 50;
let notifications: readonly Notification[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function note(notification: Notification): void {
  const others = notifications.filter(({ id }) => id !== notification.id);
  notifications = [notification, ...others].slice(0, mostNotifications);
  for (const listener of listeners) listener();
}

export const useNotifications = (): readonly Notification[] =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => notifications,
  );

/** How a form sends one request; ARM's way, which waits for long operations, when a form names none. */
export type Deliver = (request: PlannedRequest) => Promise<Pick<Answer, 'status' | 'body'>>;

interface Sending {
  readonly busy: boolean;
  readonly error: unknown;
  readonly answers: readonly Answered[];
}

const idle: Sending = { busy: false, error: undefined, answers: [] };

/** The requests of one form: whether they are under way, what went wrong, and what was answered so far. */
export function useSending() {
  const [state, setState] = useState<Sending>(idle);
  /**
   * Sends requests one after another, up to the first that fails. Answers what each was answered, `undefined` after a
   * failure, which is then in `error`. What has a title is shown among the notifications.
   */
  async function send(
    title: string | undefined,
    requests: readonly PlannedRequest[],
    deliver: Deliver = write,
  ): Promise<readonly Answered[] | undefined> {
    const answers: Answered[] = [];
    const id = nextId++;
    const time = new Date().toISOString();
    const tell = (rest: Pick<Notification, 'state' | 'error'>): void => {
      if (title !== undefined) note({ id, title, time, answers, ...rest });
    };
    tell({ state: 'running' });
    setState({ busy: true, error: undefined, answers: [] });
    try {
      for (const request of requests) {
        const { status, body } = await deliver(request);
        answers.push({ request, status, body });
      }
      await queryClient.invalidateQueries();
      tell({ state: 'succeeded' });
      setState({ busy: false, error: undefined, answers });
      return answers;
    } catch (error) {
      const request = requests[answers.length];
      if (request && error instanceof RequestError) answers.push({ request, status: error.status, body: error.body });
      await queryClient.invalidateQueries();
      tell({ state: 'failed', error: error instanceof Error ? error.message : String(error) });
      setState({ busy: false, error, answers });
      return undefined;
    }
  }
  return { ...state, send, fail: (error: unknown) => setState({ ...idle, error }) };
}
