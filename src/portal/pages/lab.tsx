/** Lab: the clock, faults, snapshots, reset and the journal: what Azure does not have. */
import { Button, Field, Input, makeStyles, Text, Textarea, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import type { BackendView } from '../azure/emulator.js';
import { useBackends, useClock, useFaults, useLoadBalancers, useStandIns } from '../azure/queries.js';
import { DataTable } from '../ui/data-table.js';
import { ModalDialog } from '../ui/dialog.js';
import { useDraft } from '../ui/draft.js';
import { messageFor, refusalOf } from '../ui/fields.js';
import { Empty, formatTime, Loaded, Page } from '../ui/page.js';
import { FileButton } from '../ui/parts.js';
import { ActivityLog } from './activity-log.js';
import { type Act, LabCard, useActs } from './lab-acts.js';

const useStyles = makeStyles({
  cards: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(420px, 100%), 1fr))',
    gap: tokens.spacingHorizontalL,
    alignItems: 'start',
  },
  stack: { display: 'grid', gap: tokens.spacingHorizontalL },
  row: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS, alignItems: 'end' },
});

const advance = (seconds: number): Act => ({
  title: `Advance the clock by ${seconds} s`,
  request: { method: 'POST', url: '/_lazurite/clock', body: { advanceSeconds: seconds } },
  lazurite: `lazurite clock ${seconds}`,
});

/** The idle timeouts of all rules in minutes, each once; Azure's usual one while there are no rules. */
function useIdleTimeouts(): number[] {
  const { data = [] } = useLoadBalancers();
  const rules = data.flatMap(({ properties }) => [...properties.loadBalancingRules, ...properties.inboundNatRules]);
  const minutes = rules.map(({ properties }) => properties.idleTimeoutInMinutes ?? usualIdleTimeout);
  return [...new Set(minutes.length === 0 ? [usualIdleTimeout] : minutes)].sort((one, other) => one - other);
}
const usualIdleTimeout = 4;

function ClockCard() {
  const styles = useStyles();
  const clock = useClock();
  const { value: seconds, set: setSeconds } = useDraft('advance', '10');
  const acts = useActs(advance(1), { of: 'Clock' });
  const idleTimeouts = useIdleTimeouts();
  return (
    <LabCard title="Clock" error={acts.error}>
      <Loaded query={clock}>
        {({ now, timeScale, advancedSeconds }) => (
          <Text>
            Azure time is {formatTime(now)}. One second here is {timeScale} Azure{' '}
            {timeScale === 1 ? 'second' : 'seconds'}; the clock was advanced by {advancedSeconds} s.
          </Text>
        )}
      </Loaded>
      <div className={styles.row}>
        <Button size="small" {...acts.button(advance(1))}>
          Advance 1 second
        </Button>
        <Button size="small" {...acts.button(advance(60))}>
          Advance 1 minute
        </Button>
        {idleTimeouts.map((minutes) => (
          <Button key={minutes} size="small" {...acts.button(advance(minutes * 60))}>
            Advance idle timeout ({minutes} {minutes === 1 ? 'minute' : 'minutes'})
          </Button>
        ))}
      </div>
      <div className={styles.row}>
        <Field label="Seconds" {...refusalOf(messageFor(acts.error, { member: 'advanceSeconds' }))}>
          <Input
            size="small"
            value={seconds}
            style={{ width: 90 }}
            onChange={(_, { value }) => {
              setSeconds(value);
              acts.show(advance(Number(value)));
            }}
          />
        </Field>
        <Button size="small" {...acts.button(advance(Number(seconds)))}>
          Advance
        </Button>
      </div>
      {acts.preview}
    </LabCard>
  );
}

const examples: Readonly<Record<string, unknown>> = {
  'API answers 503 to the next PUT': { kind: 'api', method: 'PUT', status: 503, next: 1 },
  'Data plane drops packets': { kind: 'dataPlane', effect: 'drop' },
  'Data plane resets connections': { kind: 'dataPlane', effect: 'reset' },
  'Data plane is 200 ms slow': { kind: 'dataPlane', effect: 'slow', latencyMs: 200 },
  'Probes fail': { kind: 'probe', verdict: 'down' },
  'Probes flap': { kind: 'probe', verdict: 'flap', flapEverySeconds: 30 },
};

/** The text as JSON; while it is not, as it stands. */
function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function FaultsCard() {
  const styles = useStyles();
  const faults = useFaults();
  const draft = useDraft('fault', JSON.stringify(Object.values(examples)[0], null, 2));
  const adding = (text: string): Act => ({
    title: 'Add fault',
    request: { method: 'POST', url: '/_lazurite/faults', body: parsedOr(text) },
  });
  const removing = (id: unknown): Act => ({
    title: `Remove ${id}`,
    request: { method: 'DELETE', url: `/_lazurite/faults/${id}` },
    lazurite: `lazurite faults end ${id}`,
  });
  const acts = useActs(adding(draft.value), { of: 'Faults' });
  const setText = (text: string): void => {
    draft.set(text);
    acts.show(adding(text));
  };
  const problem = acts.error instanceof Error ? acts.error.message : undefined;
  return (
    <LabCard title="Faults" error={acts.error}>
      <Loaded query={faults}>
        {(rows) => (
          <DataTable
            label="Faults"
            rows={rows}
            rowKey={({ id }) => String(id)}
            filterable={false}
            columns={[
              { name: 'Fault', text: ({ id }) => String(id) },
              { name: 'What it does', text: ({ id: _, ...rest }) => JSON.stringify(rest) },
              {
                name: 'Actions',
                text: () => '',
                show: ({ id }) => (
                  <Button size="small" aria-label={`Remove ${id}`} {...acts.button(removing(id))}>
                    Remove
                  </Button>
                ),
              },
            ]}
            empty={<Empty title="No faults are active" />}
          />
        )}
      </Loaded>
      <div className={styles.row}>
        {Object.entries(examples).map(([name, fault]) => (
          <Button key={name} size="small" appearance="outline" onClick={() => setText(JSON.stringify(fault, null, 2))}>
            {name}
          </Button>
        ))}
      </div>
      <Field label="Fault (JSON)" {...refusalOf(problem)}>
        <Textarea value={draft.value} rows={6} spellCheck={false} onChange={(_, { value }) => setText(value)} />
      </Field>
      <div>
        <Button appearance="primary" {...acts.button(adding(draft.value))}>
          Add fault
        </Button>
      </div>
      {acts.preview}
    </LabCard>
  );
}

/** The places where rules expect members, each once: as down when it is down for one of them. */
function placesOf(backends: readonly BackendView[]): BackendView[] {
  const places = new Map<string, BackendView>();
  for (const backend of backends) {
    const id = `${backend.azureAddress}:${backend.port}`;
    if (backend.port !== 0 && places.get(id)?.state !== 'Down') places.set(id, backend);
  }
  return [...places.values()];
}

const starting = ({ azureAddress, port }: Pick<BackendView, 'azureAddress' | 'port'>): Act => ({
  title: `Start ${azureAddress}:${port}`,
  request: { method: 'POST', url: '/_lazurite/stand-ins', body: { azureAddress, port } },
});
const stopping = (id: string): Act => ({
  title: `Stop ${id}`,
  request: { method: 'DELETE', url: `/_lazurite/stand-ins/${encodeURIComponent(id)}` },
});

function StandInsCard() {
  const backends = useBackends();
  const running = useStandIns();
  const places = placesOf(backends.data ?? []);
  const acts = useActs(starting(places[0] ?? { azureAddress: '10.0.0.4', port: 80 }), { of: 'Stand-in backends' });
  return (
    <LabCard title="Stand-in backends" error={acts.error}>
      <Loaded query={backends}>
        {() => (
          <DataTable
            label="Stand-in backends"
            rows={places}
            rowKey={({ azureAddress, port }) => `${azureAddress}:${port}`}
            filterable={places.length > 10}
            columns={[
              { name: 'Member', text: ({ azureAddress, port }) => `${azureAddress}:${port}` },
              { name: 'State', text: ({ state }) => state },
              {
                name: 'Calls',
                text: ({ azureAddress, port }) =>
                  running.data?.find(({ id }) => id === `${azureAddress}:${port}`)?.calls ?? '-',
              },
              {
                name: 'Actions',
                text: () => '',
                show: (place) => {
                  const id = `${place.azureAddress}:${place.port}`;
                  const act = running.data?.some((one) => one.id === id) ? stopping(id) : starting(place);
                  return (
                    <Button size="small" aria-label={act.title} {...acts.button(act)}>
                      {act.title.split(' ')[0]}
                    </Button>
                  );
                },
              },
            ]}
            empty={
              <Empty title="No members yet">
                A member of a backend pool that nobody runs can be given a server that says who called.
              </Empty>
            }
          />
        )}
      </Loaded>
      {places.length > 0 && acts.preview}
    </LabCard>
  );
}

const snapshotUrl = '/_lazurite/snapshot';
const takeSnapshot: Act = {
  title: 'Save snapshot',
  request: { method: 'GET', url: snapshotUrl },
  lazurite: 'lazurite snapshot save lazurite-snapshot.json',
};
const restoring = (body: unknown): Act => ({
  title: 'Restore a snapshot',
  request: { method: 'PUT', url: snapshotUrl, body },
  lazurite: 'lazurite snapshot load lazurite-snapshot.json',
});
const reset: Act = {
  title: 'Reset everything',
  request: { method: 'POST', url: '/_lazurite/reset' },
  lazurite: 'lazurite reset',
};

function download(name: string, value: unknown): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([JSON.stringify(value, null, 2)], { type: 'application/json' }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

function StateCard() {
  const styles = useStyles();
  const acts = useActs(takeSnapshot, { of: 'State' });
  const [asking, setAsking] = useState(false);
  const save = async (): Promise<void> => {
    const snapshot = await acts.run(takeSnapshot);
    if (snapshot !== undefined) download('lazurite-snapshot.json', snapshot);
  };
  const restore = async (given: File): Promise<void> => {
    try {
      await acts.run(restoring(JSON.parse(await given.text())));
    } catch (error) {
      acts.fail(error);
    }
  };
  return (
    <LabCard title="State" error={acts.error}>
      <div className={styles.row}>
        <Button {...acts.button(takeSnapshot)} onClick={() => void save()}>
          Save snapshot
        </Button>
        <FileButton
          {...acts.shownOn(restoring('(the file)'))}
          label="Snapshot file"
          accept=".json"
          onFile={(given) => void restore(given)}
        >
          Restore a snapshot…
        </FileButton>
        <Button {...acts.button(reset)} onClick={() => setAsking(true)}>
          Reset everything…
        </Button>
      </div>
      {acts.preview}
      <ModalDialog
        title="Reset everything?"
        open={asking}
        onClose={() => setAsking(false)}
        actions={
          <>
            <Button
              appearance="primary"
              onClick={() => {
                setAsking(false);
                void acts.run(reset);
              }}
            >
              Reset
            </Button>
            <Button onClick={() => setAsking(false)}>Cancel</Button>
          </>
        }
      >
        All resources, flows, faults and the journal are removed. This cannot be undone; a snapshot can be saved before.
      </ModalDialog>
    </LabCard>
  );
}

export default function Lab() {
  const styles = useStyles();
  return (
    <Page title="Lab" crumbs={[{ text: 'Home', href: '/' }]}>
      <div className={styles.cards}>
        <div className={styles.stack}>
          <ClockCard />
          <StandInsCard />
          <StateCard />
        </div>
        <FaultsCard />
      </div>
      <Text as="h2" weight="semibold" block style={{ margin: '20px 0 8px' }}>
        Journal
      </Text>
      <ActivityLog />
    </Page>
  );
}
