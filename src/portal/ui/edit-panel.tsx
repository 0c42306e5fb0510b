/** A panel that edits a resource: shows the request, sends it with If-Match, and offers the newer state after a 412. */
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  DrawerBody,
  DrawerFooter,
  DrawerHeader,
  DrawerHeaderTitle,
  makeStyles,
  OverlayDrawer,
  Spinner,
  Toast,
  ToastBody,
  ToastTitle,
  tokens,
  useToastController,
} from '@fluentui/react-components';
import { Dismiss24Regular } from '@fluentui/react-icons';
import { type ReactNode, useState } from 'react';
import { type ArmResource, armUrl, putRequest, write } from '../azure/arm.js';
import { getJson, type PlannedRequest, RequestError } from '../azure/http.js';
import { queryClient } from '../azure/queries.js';
import { ErrorBar } from './page.js';
import { answersToaster } from './parts.js';
import { RequestPreview } from './request-preview.js';

const useStyles = makeStyles({
  drawer: { width: 'min(720px, 100vw)' },
  footer: { display: 'flex', gap: tokens.spacingHorizontalM, alignItems: 'center' },
});

export interface EditPanelProps<R extends ArmResource<unknown>> {
  readonly title: string;
  /** As it was when the panel opened. */
  readonly resource: R;
  /** The resource with the form's changes made to `base`. */
  readonly build: (base: R) => R;
  readonly az?: string;
  readonly terraform?: string;
  readonly onClose: () => void;
  /** The form; `error` is what the last try was answered. */
  readonly children: (error: unknown) => ReactNode;
  readonly saveText?: string;
}

export function EditPanel<R extends ArmResource<unknown>>({
  title,
  resource,
  build,
  az,
  terraform,
  onClose,
  children,
  saveText = 'Save',
}: EditPanelProps<R>) {
  const styles = useStyles();
  const [base, setBase] = useState(resource);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const { dispatchToast } = useToastController(answersToaster);
  const [newer, setNewer] = useState<R>();
  const request: PlannedRequest = putRequest(build(base));

  async function save(on: R): Promise<void> {
    setBusy(true);
    setError(undefined);
    try {
      const planned = putRequest(build(on));
      const { status } = await write(planned);
      await queryClient.invalidateQueries();
      dispatchToast(
        <Toast>
          <ToastTitle>{resource.name} is updated</ToastTitle>
          <ToastBody>
            {planned.method} was answered {status}.
          </ToastBody>
        </Toast>,
        { intent: 'success' },
      );
      onClose();
    } catch (failure) {
      if (failure instanceof RequestError && failure.status === 412) setNewer(await getJson<R>(armUrl(resource.id)));
      else setError(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <OverlayDrawer
      open
      position="end"
      className={styles.drawer}
      onOpenChange={(_, { open }) => {
        if (!open && !newer) onClose();
      }}
    >
      <DrawerHeader>
        <DrawerHeaderTitle
          action={<Button appearance="subtle" aria-label="Close" icon={<Dismiss24Regular />} onClick={onClose} />}
        >
          {title}
        </DrawerHeaderTitle>
      </DrawerHeader>
      <DrawerBody>
        {error !== undefined && <ErrorBar error={error} />}
        {children(error)}
        <RequestPreview
          ways={{ request, ...(az === undefined ? {} : { az }), ...(terraform === undefined ? {} : { terraform }) }}
          answer={error instanceof RequestError ? { status: error.status, body: { error: error.error } } : undefined}
        />
      </DrawerBody>
      <DrawerFooter className={styles.footer}>
        <Button appearance="primary" disabled={busy} onClick={() => void save(base)}>
          {saveText}
        </Button>
        <Button onClick={onClose}>Cancel</Button>
        {busy && <Spinner size="tiny" label="Updating…" />}
      </DrawerFooter>
      <Dialog open={newer !== undefined} modalType="alert">
        <DialogSurface>
          <DialogBody>
            <DialogTitle>Changed by someone else</DialogTitle>
            <DialogContent>
              {resource.name} was changed after you opened it (412 PreconditionFailed). Nothing was saved, and what you
              entered is still here.
            </DialogContent>
            <DialogActions>
              <Button
                appearance="primary"
                onClick={() => {
                  const current = newer as R;
                  setBase(current);
                  setNewer(undefined);
                  void save(current);
                }}
              >
                Apply my change to the newer state
              </Button>
              <Button
                onClick={() => {
                  setBase(newer as R);
                  setNewer(undefined);
                }}
              >
                Keep editing
              </Button>
              <Button
                onClick={async () => {
                  setNewer(undefined);
                  await queryClient.invalidateQueries();
                  onClose();
                }}
              >
                Show the newer state
              </Button>
            </DialogActions>
          </DialogBody>
        </DialogSurface>
      </Dialog>
    </OverlayDrawer>
  );
}
