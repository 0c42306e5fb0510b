/** A card of the Lab whose buttons send one request each, and show it. */
import { Card, CardHeader, Text } from '@fluentui/react-components';
import { type ReactNode, useState } from 'react';
import { type PlannedRequest, send } from '../azure/http.js';
import { ErrorBar } from '../ui/page.js';
import { RequestPreview } from '../ui/request-preview.js';
import { useSending } from '../ui/sending.js';

/** What a button does: one request. */
export interface Act {
  readonly title: string;
  readonly request: PlannedRequest;
  /** The same with the command line. */
  readonly lazurite?: string;
}

/**
 * Buttons that send one request each. The request of the button that was last pointed at, or has the focus, is shown before
 * it is sent, and then what it was answered.
 */
export function useActs(first: Act, { of }: { of: string }) {
  const { error, answers, send: deliver, fail } = useSending();
  const [shown, setShown] = useState<Act>();
  const { request, lazurite } = shown ?? first;
  const run = async (act: Act): Promise<unknown> => {
    setShown(act);
    return (await deliver(act.title, [act.request], send))?.[0]?.body;
  };
  /** Shows an act while its button is pointed at or has the focus. */
  const shownOn = (act: Act) => ({ onFocus: () => setShown(act), onMouseEnter: () => setShown(act) });
  return {
    error,
    fail,
    shownOn,
    run,
    /** Shows the request of an act that a form describes now. */
    show: setShown,
    /** What makes a button do it. */
    button: (act: Act) => ({ ...shownOn(act), onClick: () => void run(act) }),
    preview: (
      <RequestPreview
        of={of}
        requests={[request]}
        ways={lazurite === undefined ? {} : { lazurite: () => lazurite }}
        answers={answers}
      />
    ),
  };
}

export function LabCard({ title, error, children }: { title: string; error: unknown; children: ReactNode }) {
  return (
    <Card>
      <CardHeader
        header={
          <Text as="h2" weight="semibold">
            {title}
          </Text>
        }
      />
      {error !== undefined && <ErrorBar error={error} />}
      {children}
    </Card>
  );
}
