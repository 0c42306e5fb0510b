/** Activity log of a resource, and the whole journal: API requests with what was sent and answered. */
import { Badge, Link } from '@fluentui/react-components';
import { readId } from '../azure/arm.js';
import type { RequestView } from '../azure/emulator.js';
import { useJournal } from '../azure/queries.js';
import { useOpened } from '../ui/address.js';
import { type Column, DataTable } from '../ui/data-table.js';
import { DetailsDialog } from '../ui/dialog.js';
import { Empty, formatTime, Loaded } from '../ui/page.js';
import { CopyText, HealthWordLine, Json, Properties } from '../ui/parts.js';

function EntryDialog({ entry, onClose }: { entry: RequestView; onClose: () => void }) {
  return (
    <DetailsDialog title={`${entry.method} ${entry.status}`} onClose={onClose}>
      <Properties
        columns={1}
        items={[
          ['Path', entry.path],
          ['Query', entry.query],
          ['Time', formatTime(entry.time)],
          ['Duration', `${entry.durationMs.toFixed(1)} ms`],
          ['Client', `${entry.client.userAgent ?? ''} (${entry.client.address})`],
          ['Correlation ID', <CopyText key="correlation" text={entry.correlationId ?? ''} label="Correlation ID" />],
          ['Error code', entry.errorCode ?? '-'],
          ['Fault', entry.fault === null ? '-' : JSON.stringify(entry.fault)],
        ]}
      />
      {entry.requestBody != null && <Json value={entry.requestBody} label="Request body" />}
      {entry.responseBody != null && <Json value={entry.responseBody} label="Response body" />}
    </DetailsDialog>
  );
}

/** `publicIPAddresses` as `Public Ip Address`, as the names of Azure's operations have it. */
const wordsOf = (type: string): string =>
  (type.replace(/(ss)es$|s$/, '$1').match(/[A-Z]+(?![a-z])|[A-Za-z][a-z]*/g) ?? [])
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1).toLowerCase()}`)
    .join(' ');

const verbs: Readonly<Record<string, string>> = { PUT: 'Create or Update', PATCH: 'Update', DELETE: 'Delete' };

/** `Create or Update Load Balancer`; a POST has the name of its action. */
function operationOf({ method, path }: RequestView): string {
  const last = path.split('/').at(-1) ?? '';
  const verb = verbs[method];
  return verb === undefined ? wordsOf(last) : `${verb} ${wordsOf(readId(path).type.split('/').at(-1) ?? '')}`;
}

const succeeded = ({ status }: RequestView): boolean => status > 0 && status < 400;

const time: Column<RequestView> = {
  name: 'Time',
  text: ({ time }) => time,
  show: ({ time }) => formatTime(time),
};

/** The program that sent it: a browser's own name stands behind those that it claims. */
function clientOf({ client: { userAgent, address } }: RequestView): string {
  const browser = /\b(?:Edg|\w*Chrome|Firefox|Safari)\/\d+/.exec(userAgent ?? '')?.[0];
  return browser ?? userAgent?.split(' ')[0] ?? address ?? '-';
}

/** Columns of a resource's log, as Azure has them. */
const logColumns: Column<RequestView>[] = [
  { name: 'Operation name', text: operationOf, width: '30%' },
  {
    name: 'Status',
    text: (entry) => `${succeeded(entry) ? 'Succeeded' : 'Failed'} ${entry.status} ${entry.errorCode ?? ''}`,
    show: (entry) => (
      <HealthWordLine word={succeeded(entry) ? 'Healthy' : 'Unhealthy'}>
        {succeeded(entry) ? 'Succeeded' : `Failed (${entry.errorCode ?? entry.status})`}
      </HealthWordLine>
    ),
  },
  time,
  { name: 'Resource', text: ({ path }) => readId(path).name },
  { name: 'Event initiated by', text: clientOf },
];

/** Columns of the journal, which has requests to every API. */
const journalColumns: Column<RequestView>[] = [
  time,
  { name: 'Method', text: ({ method }) => method },
  { name: 'Path', text: ({ path }) => path },
  {
    name: 'Status',
    text: ({ status }) => status,
    show: (entry) => (
      <Badge appearance="tint" color={succeeded(entry) ? 'success' : 'danger'}>
        {entry.status} {entry.errorCode ?? ''}
      </Badge>
    ),
  },
  { name: 'Duration (ms)', text: ({ durationMs }) => Math.round(durationMs * 10) / 10 },
];

/** With `id`, only requests at or below it that change something. */
export function ActivityLog({ id }: { id?: string }) {
  const query = useJournal(id === undefined ? 200 : 1000);
  const { opened, open, close } = useOpened('request');
  const shown = query.data?.find((entry) => String(entry.id) === opened);
  const wanted = id?.toLowerCase();
  return (
    <>
      <Loaded query={query}>
        {(all) => (
          <DataTable
            label={id === undefined ? 'Journal' : 'Activity log'}
            rows={all
              .filter(
                ({ path, method }) =>
                  wanted === undefined || (method !== 'GET' && path.toLowerCase().startsWith(wanted)),
              )
              // The newest first.
              .reverse()}
            rowKey={(entry) => String(entry.id)}
            columns={[
              ...(id === undefined ? journalColumns : logColumns),
              {
                name: 'Details',
                text: () => '',
                show: (entry) => (
                  <Link
                    as="button"
                    onClick={() => open(String(entry.id))}
                    aria-label={`View ${entry.method} ${entry.path}`}
                  >
                    View
                  </Link>
                ),
              },
            ]}
            empty={<Empty title="No events to display">Writes to this resource through any client appear here.</Empty>}
          />
        )}
      </Loaded>
      {shown && <EntryDialog entry={shown} onClose={close} />}
    </>
  );
}
