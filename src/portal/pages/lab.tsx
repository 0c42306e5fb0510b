/** Lab: the clock, faults, snapshots, reset and the journal: what Azure does not have. */
import {
  Button,
  Card,
  CardHeader,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Field,
  Input,
  makeStyles,
  Text,
  Textarea,
  tokens,
} from '@fluentui/react-components';
import { useRef, useState } from 'react';
import {
  advanceClock,
  type BackendView,
  reset,
  restoreSnapshot,
  startStandIn,
  stopStandIn,
  takeSnapshot,
} from '../azure/emulator.js';
import { send } from '../azure/http.js';
import { queryClient, useBackends, useClock, useFaults, useStandIns } from '../azure/queries.js';
import { DataTable } from '../ui/data-table.js';
import { Empty, ErrorBar, formatTime, Loaded, Page } from '../ui/page.js';
import { RequestPreview } from '../ui/request-preview.js';
import { ActivityLog } from './activity-log.js';

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

/** Runs a change, shows what went wrong, and lets every page read anew. */
function useRun() {
  const [error, setError] = useState<unknown>();
  const run = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
      setError(undefined);
    } catch (failure) {
      setError(failure);
    }
    await queryClient.invalidateQueries();
  };
  return { error, run };
}

function ClockCard() {
  const styles = useStyles();
  const clock = useClock();
  const { error, run } = useRun();
  const [seconds, setSeconds] = useState('10');
  return (
    <Card>
      <CardHeader
        header={
          <Text as="h2" weight="semibold">
            Clock
          </Text>
        }
      />
      {error !== undefined && <ErrorBar error={error} />}
      <Loaded query={clock}>
        {({ now, timeScale, advancedSeconds }) => (
          <Text>
            Azure time is {formatTime(now)}. One second here is {timeScale} Azure{' '}
            {timeScale === 1 ? 'second' : 'seconds'}; the clock was advanced by {advancedSeconds} s.
          </Text>
        )}
      </Loaded>
      <div className={styles.row}>
        {[
          ['1 second', 1],
          ['1 minute', 60],
          ['Idle timeout (4 minutes)', 240],
        ].map(([text, by]) => (
          <Button key={text} size="small" onClick={() => void run(() => advanceClock(by as number))}>
            Advance {text}
          </Button>
        ))}
      </div>
      <div className={styles.row}>
        <Field label="Seconds">
          <Input size="small" value={seconds} style={{ width: 90 }} onChange={(_, { value }) => setSeconds(value)} />
        </Field>
        <Button size="small" onClick={() => void run(() => advanceClock(Number(seconds)))}>
          Advance
        </Button>
      </div>
    </Card>
  );
}

const examples: Readonly<Record<string, unknown>> = {
  'API answers 503 to the next PUT': { kind: 'api', method: 'PUT', status: 503, next: 1 },
  'Data plane drops packets': { kind: 'dataPlane', effect: 'drop' },
  'Data plane resets connections': { kind: 'dataPlane', effect: 'reset' },
  'Data plane is 200 ms slow': { kind: 'dataPlane', effect: 'slow', latencyMs: 200 },
  'Probes fail': { kind: 'probe', state: 'down' },
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
  const { error, run } = useRun();
  const [text, setText] = useState(JSON.stringify(Object.values(examples)[0], null, 2));
  const request = (body: unknown) => ({ method: 'POST', url: '/_lazurite/faults', body });
  return (
    <Card>
      <CardHeader
        header={
          <Text as="h2" weight="semibold">
            Faults
          </Text>
        }
      />
      {error !== undefined && <ErrorBar error={error} />}
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
                  <Button
                    size="small"
                    aria-label={`Remove ${id}`}
                    onClick={() => void run(() => send({ method: 'DELETE', url: `/_lazurite/faults/${id}` }))}
                  >
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
      <Field label="Fault (JSON)">
        <Textarea value={text} rows={6} spellCheck={false} onChange={(_, { value }) => setText(value)} />
      </Field>
      <div>
        <Button appearance="primary" onClick={() => void run(() => send(request(JSON.parse(text))))}>
          Add fault
        </Button>
      </div>
      <RequestPreview ways={{ request: request(parsedOr(text)) }} />
    </Card>
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

function StandInsCard() {
  const backends = useBackends();
  const running = useStandIns();
  const { error, run } = useRun();
  return (
    <Card>
      <CardHeader
        header={
          <Text as="h2" weight="semibold">
            Stand-in backends
          </Text>
        }
      />
      {error !== undefined && <ErrorBar error={error} />}
      <Loaded query={backends}>
        {(all) => (
          <DataTable
            label="Stand-in backends"
            rows={placesOf(all)}
            rowKey={({ azureAddress, port }) => `${azureAddress}:${port}`}
            filterable={placesOf(all).length > 10}
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
                show: ({ azureAddress, port }) => {
                  const id = `${azureAddress}:${port}`;
                  const runs = running.data?.some((one) => one.id === id);
                  return (
                    <Button
                      size="small"
                      aria-label={`${runs ? 'Stop' : 'Start'} ${id}`}
                      onClick={() => void run(() => (runs ? stopStandIn(id) : startStandIn({ azureAddress, port })))}
                    >
                      {runs ? 'Stop' : 'Start'}
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
    </Card>
  );
}

function StateCard() {
  const styles = useStyles();
  const { error, run } = useRun();
  const [asking, setAsking] = useState(false);
  const file = useRef<HTMLInputElement>(null);
  const save = async (): Promise<void> => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(
      new Blob([JSON.stringify(await takeSnapshot(), null, 2)], { type: 'application/json' }),
    );
    link.download = 'lazurite-snapshot.json';
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <Card>
      <CardHeader
        header={
          <Text as="h2" weight="semibold">
            State
          </Text>
        }
      />
      {error !== undefined && <ErrorBar error={error} />}
      <div className={styles.row}>
        <Button onClick={() => void run(save)}>Save snapshot</Button>
        <Button onClick={() => file.current?.click()}>Restore a snapshot…</Button>
        <input
          ref={file}
          hidden
          type="file"
          accept=".json"
          aria-label="Snapshot file"
          onChange={(event) => {
            const [given] = event.target.files ?? [];
            if (given) void run(async () => restoreSnapshot(JSON.parse(await given.text())));
            // The same file may be chosen again.
            event.target.value = '';
          }}
        />
        <Button onClick={() => setAsking(true)}>Reset everything…</Button>
      </div>
      <Dialog open={asking} onOpenChange={(_, { open }) => setAsking(open)}>
        <DialogSurface>
          <DialogBody>
            <DialogTitle>Reset everything?</DialogTitle>
            <DialogContent>
              All resources, flows, faults and the journal are removed. This cannot be undone; a snapshot can be saved
              before.
            </DialogContent>
            <DialogActions>
              <Button
                appearance="primary"
                onClick={() => {
                  setAsking(false);
                  void run(reset);
                }}
              >
                Reset
              </Button>
              <Button onClick={() => setAsking(false)}>Cancel</Button>
            </DialogActions>
          </DialogBody>
        </DialogSurface>
      </Dialog>
    </Card>
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
