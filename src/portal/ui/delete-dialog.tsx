/** Asks before a resource is deleted, and shows Azure's answer when it is refused. */
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from '@fluentui/react-components';
import { useState } from 'react';
import { armUrl, readId, write } from '../azure/arm.js';
import { queryClient } from '../azure/queries.js';
import { ErrorBar } from './page.js';
import { RequestPreview } from './request-preview.js';

export function DeleteDialog({ id, onClose, onDeleted }: { id: string; onClose: () => void; onDeleted: () => void }) {
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const request = { method: 'DELETE', url: armUrl(id) };
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>Delete {readId(id).name}?</DialogTitle>
          <DialogContent>
            {error !== undefined && <ErrorBar error={error} />}
            This cannot be undone.
            <RequestPreview ways={{ request, az: `az resource delete --ids ${id}` }} />
          </DialogContent>
          <DialogActions>
            <Button
              appearance="primary"
              disabled={busy}
              onClick={async () => {
                setBusy(true);
                try {
                  await write(request);
                  await queryClient.invalidateQueries();
                  onDeleted();
                } catch (failure) {
                  setError(failure);
                  setBusy(false);
                }
              }}
            >
              Delete
            </Button>
            <Button onClick={onClose}>Cancel</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
