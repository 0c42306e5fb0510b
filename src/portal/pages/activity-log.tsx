/** Activity log of a resource, and the whole journal: API requests with what was sent and answered. */
import {
  Badge,
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from '@fluentui/react-components';
import type { RequestView } from '../azure/emulator.js';
import { useJournal } from '../azure/queries.js';
import { useOpened } from '../ui/address.js';
import { DataTable } from '../ui/data-table.js';
import { Empty, Loaded } from '../ui/page.js';
import { Json, Properties } from '../ui/parts.js';

function EntryDialog({ entry, onClose }: { entry: RequestView; onClose: () => void }) {
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface style={{ maxWidth: 900 }}>
        <DialogBody>
          <DialogTitle>
            {entry.method} {entry.status}
          </DialogTitle>
          <DialogContent>
            <Properties
              items={[
                ['Path', entry.path],
                ['Query', entry.query],
                ['Time', entry.time],
                ['Duration', `${entry.durationMs.toFixed(1)} ms`],
                ['Client', `${entry.client.userAgent ?? ''} (${entry.client.address})`],
                ['Correlation ID', entry.correlationId],
                ['Error code', entry.errorCode ?? '-'],
                ['Fault', entry.fault === null ? '-' : JSON.stringify(entry.fault)],
              ]}
            />
            {entry.requestBody != null && <Json value={entry.requestBody} label="Request body" />}
            {entry.responseBody != null && <Json value={entry.responseBody} label="Response body" />}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Close</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

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
            rows={all.filter(
              ({ path, method }) => wanted === undefined || (method !== 'GET' && path.toLowerCase().startsWith(wanted)),
            )}
            rowKey={(entry) => String(entry.id)}
            columns={[
              { name: 'Time', text: ({ time }) => time, show: ({ time }) => new Date(time).toLocaleTimeString() },
              { name: 'Method', text: ({ method }) => method },
              {
                name: 'Path',
                text: ({ path }) => path,
                show: ({ path }) => (wanted ? path.slice(wanted.length) || 'This resource' : path),
              },
              {
                name: 'Status',
                text: ({ status }) => status,
                show: ({ status, errorCode }) => (
                  <Badge appearance="tint" color={status >= 400 || status === 0 ? 'danger' : 'success'}>
                    {status} {errorCode ?? ''}
                  </Badge>
                ),
              },
              { name: 'Duration (ms)', text: ({ durationMs }) => Math.round(durationMs * 10) / 10 },
              {
                name: 'Details',
                text: () => '',
                show: (entry) => (
                  <Button
                    size="small"
                    appearance="subtle"
                    onClick={() => open(String(entry.id))}
                    aria-label={`View ${entry.method} ${entry.path}`}
                  >
                    View
                  </Button>
                ),
              },
            ]}
            empty={
              <Empty title="No requests to display">Writes to this resource through any client appear here.</Empty>
            }
          />
        )}
      </Loaded>
      {shown && <EntryDialog entry={shown} onClose={close} />}
    </>
  );
}
