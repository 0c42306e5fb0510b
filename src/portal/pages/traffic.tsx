/** Traffic: live flows, "Where would it go?", and a simulation of the three distribution modes. */
import { Button, Dropdown, Field, Input, makeStyles, Option, Tab, TabList, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useLocation, useSearch } from 'wouter';
import { nameOf } from '../azure/arm.js';
import { type ExplainView, explainRequest } from '../azure/emulator.js';
import { explainReason } from '../azure/health.js';
import { RequestError, send } from '../azure/http.js';
import { useFlows, useFrontends } from '../azure/queries.js';
import { setParameters, useParameter } from '../ui/address.js';
import { DataTable } from '../ui/data-table.js';
import { useDraft } from '../ui/draft.js';
import { messageFor, refusalOf } from '../ui/fields.js';
import { Empty, ErrorBar, Loaded, Page } from '../ui/page.js';
import { Properties } from '../ui/parts.js';
import { RequestPreview } from '../ui/request-preview.js';
import type { Answered } from '../ui/sending.js';
import { formInARow, modeNames, Simulation } from './simulation.js';

const useStyles = makeStyles({
  form: formInARow,
  answer: {
    margin: `${tokens.spacingVerticalM} 0`,
    fontSize: tokens.fontSizeBase400,
    lineHeight: tokens.lineHeightBase400,
  },
});

function Flows() {
  const query = useFlows();
  return (
    <Loaded query={query}>
      {(flows) => (
        <DataTable
          label="Flows"
          rows={flows}
          rowKey={({ transport, frontend, source }) => `${transport}${frontend}${source}`}
          columns={[
            { name: 'Protocol', text: ({ transport }) => String(transport).toUpperCase() },
            { name: 'From', text: ({ source }) => String(source) },
            { name: 'Frontend', text: ({ frontend }) => String(frontend).replace(/^\w+\/(.*)\/(\d+)$/, '$1:$2') },
            { name: 'Backend', text: ({ backend }) => String(backend) },
            { name: 'Rule', text: ({ rule }) => nameOf({ id: rule }) },
            { name: 'Age (s)', text: ({ ageMs }) => Math.round(Number(ageMs) / 1000) },
            { name: 'Idle (s)', text: ({ idleMs }) => Math.round(Number(idleMs) / 1000) },
            { name: 'Bytes in', text: ({ bytesIn }) => Number(bytesIn) },
            { name: 'Bytes out', text: ({ bytesOut }) => Number(bytesOut) },
          ]}
          empty={<Empty title="No flows right now">A flow is listed from its first packet until it ends.</Empty>}
        />
      )}
    </Loaded>
  );
}

const tuples: Readonly<Record<NonNullable<ExplainView['distribution']>, string>> = {
  Default: 'source IP, source port, destination IP, destination port and protocol (5-tuple)',
  SourceIP: 'source IP and destination IP (2-tuple)',
  SourceIPProtocol: 'source IP, destination IP and protocol (3-tuple)',
};

/** The whole answer in one sentence. */
function sentence({ distribution, slot, choice, reason, candidates = [], question }: ExplainView): string {
  if (!choice) return `It would reach no backend: ${reason ?? 'no rule listens there.'}`;
  const healthy = candidates.filter(({ eligible }) => eligible).length;
  return `${question.transport.toUpperCase()} from ${question.sourceAddress}:${question.sourcePort} goes to ${choice.address}:${choice.port} (${nameOf({ id: choice.id })}): the hash over ${tuples[distribution ?? 'Default']} falls on slot ${slot}, which belongs to it among ${healthy} eligible ${healthy === 1 ? 'member' : 'members'}.`;
}

interface Question {
  readonly protocol: string;
  readonly from: string;
  readonly to: string | undefined;
}

function WhereWouldItGo() {
  const styles = useStyles();
  const frontends = useFrontends();
  // The address has the question that was asked: a link to it shows the answer.
  const search = new URLSearchParams(useSearch());
  const param = (name: string): string | undefined => search.get(name) ?? undefined;
  const [protocol, from, to] = [param('protocol'), param('from'), param('to')];
  const asked = protocol && from && to ? explainRequest({ protocol, from, to }) : undefined;
  const draft = useDraft<Question>(`explain ${asked?.url}`, {
    protocol: protocol ?? 'tcp',
    from: from ?? '127.0.0.9:40000',
    to,
  });
  const set = (change: Partial<Question>): void => draft.set({ ...draft.value, ...change });
  const places = (frontends.data ?? []).map(({ azureAddress, port }) => `${azureAddress}:${port || 80}`);
  const question = { ...draft.value, to: draft.value.to ?? places[0] ?? '' };
  const request = explainRequest(question);
  const explanation = useQuery({
    queryKey: ['explain', asked?.url],
    enabled: asked !== undefined,
    retry: false,
    queryFn: async (): Promise<Answered> => {
      const planned = asked ?? request;
      const { status, body } = await send(planned);
      return { request: planned, status, body };
    },
  });
  const { error } = explanation;
  const answered =
    error instanceof RequestError
      ? { request: error.request, status: error.status, body: error.body }
      : explanation.data;
  const answer = error === null ? (explanation.data?.body as ExplainView | undefined) : undefined;
  return (
    <>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (asked?.url === request.url) void explanation.refetch();
          else setParameters(question, { push: true });
        }}
      >
        <Field label="Protocol">
          <Dropdown
            style={{ minWidth: 90 }}
            value={question.protocol.toUpperCase()}
            selectedOptions={[question.protocol]}
            onOptionSelect={(_, { optionValue }) => set({ protocol: optionValue ?? 'tcp' })}
          >
            <Option value="tcp">TCP</Option>
            <Option value="udp">UDP</Option>
          </Dropdown>
        </Field>
        <Field label="From (IP:port)" {...refusalOf(messageFor(error, { member: 'from' }))}>
          <Input value={question.from} onChange={(_, { value }) => set({ from: value })} />
        </Field>
        <Field label="To (IP:port)" {...refusalOf(messageFor(error, { member: 'to' }))}>
          <Input value={question.to} onChange={(_, { value }) => set({ to: value })} list="frontends" />
        </Field>
        <datalist id="frontends">
          {places.map((place) => (
            <option key={place} value={place} />
          ))}
        </datalist>
        <Button type="submit" appearance="primary">
          Where would it go?
        </Button>
      </form>
      {error !== null && <ErrorBar error={error} />}
      {answer && (
        <>
          <p className={styles.answer} role="status">
            {sentence(answer)}
          </p>
          <Properties
            items={[
              ['Rule', nameOf(answer.rule ? { id: answer.rule } : undefined)],
              ['Session persistence', answer.distribution && modeNames[answer.distribution]],
              ['Tuple', answer.tuple?.join(', ')],
              ['Hash', answer.hash],
              ['Slot', answer.slot],
            ]}
          />
          <DataTable
            label="Candidates"
            rows={answer.candidates ?? []}
            rowKey={({ key }) => key}
            filterable={false}
            columns={[
              { name: 'Member', text: ({ id }) => nameOf({ id }) },
              { name: 'Address', text: ({ key }) => key },
              { name: 'Eligible', text: ({ eligible }) => (eligible ? 'Yes' : 'No') },
              { name: 'Why', text: ({ reason }) => explainReason(reason) },
              { name: 'Chosen', text: ({ key }) => (answer.choice?.key === key ? 'Yes' : '') },
            ]}
            empty={<Empty title="No candidates" />}
          />
        </>
      )}
      <RequestPreview
        requests={[request]}
        ways={{
          lazurite: () => `lazurite explain --proto ${question.protocol} --from ${question.from} --to ${question.to}`,
        }}
        answers={answered ? [answered] : []}
      />
    </>
  );
}

export default function Traffic() {
  const [, navigate] = useLocation();
  const [tab = 'flows'] = useParameter('tab');
  return (
    <Page title="Traffic" crumbs={[{ text: 'Home', href: '/' }]}>
      <TabList selectedValue={tab} onTabSelect={(_, { value }) => navigate(`/traffic?tab=${String(value)}`)}>
        <Tab value="flows">Flows</Tab>
        <Tab value="where">Where would it go?</Tab>
        <Tab value="simulation">Simulation</Tab>
      </TabList>
      <div style={{ paddingTop: 12 }}>
        {tab === 'flows' && <Flows />}
        {tab === 'where' && <WhereWouldItGo />}
        {tab === 'simulation' && <Simulation />}
      </div>
    </Page>
  );
}
