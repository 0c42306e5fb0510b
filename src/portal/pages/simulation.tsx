/** What 2,000 clients would meet under each distribution mode: asked of `explain`, shown as bars side by side. */
import { Button, Field, Input, makeStyles, ProgressBar, Text, tokens } from '@fluentui/react-components';
import { nameOf } from '../azure/arm.js';
import type { SimulationView } from '../azure/emulator.js';
import { send } from '../azure/http.js';
import { useFrontends } from '../azure/queries.js';
import { useParameter } from '../ui/address.js';
import { messageFor, refusalOf } from '../ui/fields.js';
import { Empty, ErrorBar } from '../ui/page.js';
import { RequestPreview } from '../ui/request-preview.js';
import { useSending } from '../ui/sending.js';

/** Fields beside each other, with the button at their end. */
export const formInARow = {
  display: 'flex',
  flexWrap: 'wrap',
  gap: tokens.spacingHorizontalM,
  alignItems: 'end',
  margin: `${tokens.spacingVerticalM} 0`,
} as const;

const useStyles = makeStyles({
  form: formInARow,
  modes: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(320px, 100%), 1fr))',
    gap: tokens.spacingHorizontalXXL,
  },
  bar: {
    display: 'grid',
    gridTemplateColumns: 'minmax(80px, 140px) 1fr 64px',
    gap: tokens.spacingHorizontalM,
    alignItems: 'center',
    padding: '3px 0',
  },
  name: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
});

export const modeNames: Readonly<Record<SimulationView['distribution'], string>> = {
  Default: 'None (5-tuple)',
  SourceIP: 'Client IP (2-tuple)',
  SourceIPProtocol: 'Client IP and protocol (3-tuple)',
};

export function Simulation() {
  const styles = useStyles();
  const frontends = useFrontends();
  const [to, setTo] = useParameter('to');
  const { busy, error, answers, send: ask } = useSending();
  const results = (answers[0]?.status === 200 ? (answers[0].body as { value: SimulationView[] }) : undefined)?.value;
  const [first] = frontends.data ?? [];
  const target = to ?? (first ? `${first.azureAddress}:${first.port || 80}` : '');
  const request = {
    method: 'POST',
    url: '/_lazurite/simulate',
    body: { proto: 'tcp', to: target, clients: 2000, connections: 3 },
  };
  if (frontends.data?.length === 0)
    return <Empty title="No frontend to simulate">Add a load balancing rule first.</Empty>;
  return (
    <>
      <Text>2,000 clients open three connections each. Nothing is sent: the data plane’s own selection is asked.</Text>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          void ask(undefined, [request], send);
        }}
      >
        <Field label="Frontend (IP:port)" {...refusalOf(messageFor(error, { member: 'to' }))}>
          <Input value={target} onChange={(_, { value }) => setTo(value)} />
        </Field>
        <Button type="submit" appearance="primary" disabled={busy}>
          Simulate
        </Button>
      </form>
      {error !== undefined && <ErrorBar error={error} />}
      {results && (
        <div className={styles.modes}>
          {results.map(({ distribution, members, clientsOnOneMember, clients }) => {
            const total = Math.max(
              1,
              members.reduce((sum, { connections }) => sum + connections, 0),
            );
            return (
              <section key={distribution} aria-label={modeNames[distribution]}>
                <Text as="h2" weight="semibold" block>
                  {modeNames[distribution]}
                </Text>
                {members.map(({ id, connections }) => (
                  <div key={id} className={styles.bar}>
                    <Text className={styles.name} title={id}>
                      {nameOf({ id })}
                    </Text>
                    <ProgressBar
                      value={connections / total}
                      thickness="large"
                      aria-label={`${nameOf({ id })} under ${distribution}`}
                    />
                    <Text>{((100 * connections) / total).toFixed(1)} %</Text>
                  </div>
                ))}
                <Text size={200}>
                  {clientsOnOneMember.toLocaleString()} of {clients.toLocaleString()} clients met one member only
                </Text>
              </section>
            );
          })}
        </div>
      )}
      <RequestPreview requests={[request]} answers={answers} />
    </>
  );
}
