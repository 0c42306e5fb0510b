/** A panel that edits a resource: shows the request, sends it with If-Match, and offers the newer state after a 412. */
import {
  Button,
  DrawerBody,
  DrawerFooter,
  DrawerHeader,
  DrawerHeaderTitle,
  makeStyles,
  OverlayDrawer,
  Spinner,
  tokens,
} from '@fluentui/react-components';
import { Dismiss24Regular } from '@fluentui/react-icons';
import { type ReactNode, useState } from 'react';
import { type ArmResource, armUrl, putRequest, write } from '../azure/arm.js';
import { getJson, type PlannedRequest, RequestError } from '../azure/http.js';
import { ModalDialog } from './dialog.js';
import { ErrorBar } from './page.js';
import { type OtherWays, RequestPreview } from './request-preview.js';
import { useSending } from './sending.js';

const useStyles = makeStyles({
  drawer: { width: 'min(720px, 100vw)' },
  footer: { display: 'flex', gap: tokens.spacingHorizontalM, alignItems: 'center' },
});

export interface EditPanelProps<R extends ArmResource<unknown>> {
  readonly title: string;
  readonly resource: R;
  /** The etag of the resource when the form was begun, which may be before the page was loaded. */
  readonly since: string | undefined;
  /** The resource with the form's changes made to `base`. */
  readonly build: (base: R) => R;
  /** Requests that follow: changes of other resources that belong to this one. */
  readonly also?: readonly PlannedRequest[];
  /** What the form needs is still being read: nothing can be saved yet. */
  readonly reading?: boolean;
  readonly ways?: OtherWays;
  readonly onClose: () => void;
  /** The form; `error` is what the last try was answered. */
  readonly children: (error: unknown) => ReactNode;
  readonly saveText?: string;
}

export function EditPanel<R extends ArmResource<unknown>>({
  title,
  resource,
  since,
  build,
  also = [],
  reading = false,
  ways = {},
  onClose,
  children,
  saveText = 'Save',
}: EditPanelProps<R>) {
  const styles = useStyles();
  const [base, setBase] = useState<R>(() => (since === undefined ? resource : { ...resource, etag: since }));
  const { busy, error, answers, send, fail } = useSending();
  const [newer, setNewer] = useState<R>();
  const requestsOn = (on: R): PlannedRequest[] => [putRequest(build(on)), ...also];

  async function save(on: R): Promise<void> {
    const done = await send(title, requestsOn(on), async (request) => {
      try {
        const answer = await write(request);
        // What follows may fail: the next try begins on what is stored now.
        if (also.length > 0 && request.url === armUrl(resource.id)) setBase(await getJson<R>(request.url));
        return answer;
      } catch (failure) {
        if (failure instanceof RequestError && failure.status === 412 && request.url === armUrl(resource.id)) {
          setNewer(await getJson<R>(armUrl(resource.id)));
        }
        throw failure;
      }
    });
    if (done) onClose();
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
        {error !== undefined && !newer && <ErrorBar error={error} />}
        {children(error)}
        <RequestPreview requests={requestsOn(base)} ways={ways} answers={answers} />
      </DrawerBody>
      <DrawerFooter className={styles.footer}>
        <Button appearance="primary" disabled={busy || reading} onClick={() => void save(base)}>
          {saveText}
        </Button>
        <Button onClick={onClose}>Cancel</Button>
        {busy && <Spinner size="tiny" label="Updating…" />}
      </DrawerFooter>
      <ModalDialog
        title="Changed by someone else"
        open={newer !== undefined}
        actions={
          <>
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
                fail(undefined);
              }}
            >
              Keep editing
            </Button>
            <Button
              onClick={() => {
                setNewer(undefined);
                onClose();
              }}
            >
              Show the newer state
            </Button>
          </>
        }
      >
        {resource.name} was changed after you opened it (412 PreconditionFailed). Nothing was saved, and what you
        entered is still here.
      </ModalDialog>
    </OverlayDrawer>
  );
}
