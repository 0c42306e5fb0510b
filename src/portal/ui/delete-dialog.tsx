/** Asks before a resource is deleted, and shows Azure's answer when it is refused. */
import { Button } from '@fluentui/react-components';
import { armUrl, readId } from '../azure/arm.js';
import { ModalDialog } from './dialog.js';
import { ErrorBar } from './page.js';
import { RequestPreview } from './request-preview.js';
import { useSending } from './sending.js';

export function DeleteDialog({ id, onClose, onDeleted }: { id: string; onClose: () => void; onDeleted: () => void }) {
  const { busy, error, answers, send } = useSending();
  const request = { method: 'DELETE', url: armUrl(id) };
  return (
    <ModalDialog
      title={`Delete ${readId(id).name}?`}
      onClose={onClose}
      actions={
        <>
          <Button
            appearance="primary"
            disabled={busy}
            onClick={async () => {
              if (await send(`Delete ${readId(id).name}`, [request])) onDeleted();
            }}
          >
            Delete
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </>
      }
    >
      {error !== undefined && <ErrorBar error={error} />}
      This cannot be undone.
      <RequestPreview requests={[request]} ways={{ az: () => `az resource delete --ids ${id}` }} answers={answers} />
    </ModalDialog>
  );
}
