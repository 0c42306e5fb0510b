/** References of a resource, in both directions. */
import { useQuery } from '@tanstack/react-query';
import { type ArmResource, readId } from '../azure/arm.js';
import { referencesOf } from '../azure/references.js';
import { DataTable } from '../ui/data-table.js';
import { Empty, Loaded } from '../ui/page.js';
import { ResourceLink } from '../ui/parts.js';

const words = { out: 'Refers to', in: 'Referred to by' } as const;

export function References({ resource }: { resource: ArmResource }) {
  const query = useQuery({
    queryKey: ['resource', resource.id.toLowerCase(), 'references', resource.etag],
    queryFn: () => referencesOf(resource),
  });
  return (
    <Loaded query={query}>
      {(references) => (
        <DataTable
          label="References"
          rows={references}
          rowKey={({ direction, member, id }) => `${direction}${member}${id}`}
          columns={[
            { name: 'Direction', text: ({ direction }) => words[direction] },
            { name: 'Resource', text: ({ id }) => readId(id).name, show: ({ id }) => <ResourceLink id={id} /> },
            { name: 'Type', text: ({ id }) => readId(id).type },
            { name: 'Member', text: ({ member }) => member },
          ]}
          empty={<Empty title="No references">Nothing refers to this resource, and it refers to nothing.</Empty>}
        />
      )}
    </Loaded>
  );
}
