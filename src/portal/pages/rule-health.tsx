/** "View details" of a rule: each backend with its state and Azure's reason. */
import { nameOf, readId } from '../azure/arm.js';
import { backendsOfRule, explainReason } from '../azure/health.js';
import { useBackends } from '../azure/queries.js';
import { DataTable } from '../ui/data-table.js';
import { DetailsDialog } from '../ui/dialog.js';
import { Empty, formatTime, Loaded } from '../ui/page.js';
import { MemberState } from '../ui/parts.js';

export function RuleHealth({ ruleId, onClose }: { ruleId: string; onClose: () => void }) {
  const query = useBackends();
  return (
    <DetailsDialog title={`Health status of ${readId(ruleId).name}`} onClose={onClose}>
      <Loaded query={query}>
        {(all) => (
          <DataTable
            label="Backends"
            rows={backendsOfRule(all, ruleId)}
            rowKey={({ id, port }) => `${id}:${port}`}
            filterable={false}
            columns={[
              { name: 'Backend', text: ({ id }) => nameOf({ id }) },
              { name: 'IP address', text: ({ azureAddress, port }) => `${azureAddress}:${port}` },
              {
                name: 'State',
                text: ({ state }) => state,
                show: (one) => <MemberState state={one.state} reason={one.reason} />,
              },
              { name: 'Why', text: ({ reason }) => explainReason(reason) },
              {
                name: 'Since',
                text: ({ since }) => since ?? '-',
                show: ({ since }) => (since === null ? '-' : formatTime(since)),
              },
            ]}
            empty={<Empty title="The pool has no members" />}
          />
        )}
      </Loaded>
    </DetailsDialog>
  );
}
