/** The bell of the frame: what was sent, how it ended, and every answer. A short message says so when something ends. */
import {
  Accordion,
  AccordionHeader,
  AccordionItem,
  AccordionPanel,
  Button,
  CounterBadge,
  DrawerBody,
  DrawerHeader,
  DrawerHeaderTitle,
  makeStyles,
  OverlayDrawer,
  Spinner,
  Text,
  Toast,
  ToastBody,
  Toaster,
  ToastTitle,
  ToastTrigger,
  Tooltip,
  tokens,
  useToastController,
} from '@fluentui/react-components';
import { Alert20Regular, Dismiss24Regular } from '@fluentui/react-icons';
import { useEffect, useRef, useState } from 'react';
import { Empty } from './page.js';
import { HealthWordLine } from './parts.js';
import { RequestPreview } from './request-preview.js';
import { type Notification, useNotifications } from './sending.js';

const toasterId = 'answers';

const useStyles = makeStyles({
  bell: { position: 'relative' },
  icon: { color: tokens.colorNeutralForegroundOnBrand, ':hover': { color: tokens.colorNeutralForegroundOnBrand } },
  count: { position: 'absolute', top: '0', right: '0', pointerEvents: 'none' },
  drawer: { width: 'min(640px, 100vw)' },
  error: { overflowWrap: 'anywhere', display: 'block' },
});

const words = { running: 'Unknown', succeeded: 'Healthy', failed: 'Unhealthy' } as const;

function One({ notification: { title, state, time, answers, error } }: { notification: Notification }) {
  const styles = useStyles();
  return (
    <>
      <AccordionHeader>
        {state === 'running' ? (
          <Spinner size="tiny" label={title} />
        ) : (
          <HealthWordLine word={words[state]}>
            {title} <Text size={200}>{new Date(time).toLocaleTimeString()}</Text>
          </HealthWordLine>
        )}
      </AccordionHeader>
      <AccordionPanel>
        {error !== undefined && <Text className={styles.error}>{error}</Text>}
        {answers.length > 0 && (
          <RequestPreview of={title} requests={answers.map(({ request }) => request)} answers={answers} />
        )}
      </AccordionPanel>
    </>
  );
}

export default function Notifications() {
  const styles = useStyles();
  const notifications = useNotifications();
  const [open, setOpen] = useState(false);
  const { dispatchToast } = useToastController(toasterId);
  const [last] = notifications;
  const told = useRef<number>(undefined);
  useEffect(() => {
    if (!last || last.state === 'running' || told.current === last.id) return;
    told.current = last.id;
    const statuses = last.answers.map(({ status }) => status).join(', ');
    dispatchToast(
      <Toast>
        <ToastTitle
          action={
            <ToastTrigger>
              <Button size="small" appearance="transparent" onClick={() => setOpen(true)}>
                Show answer
              </Button>
            </ToastTrigger>
          }
        >
          {last.title}
        </ToastTitle>
        <ToastBody>{last.error ?? `Answered ${statuses}.`}</ToastBody>
      </Toast>,
      { intent: last.state === 'failed' ? 'error' : 'success' },
    );
  }, [last, dispatchToast]);
  return (
    <>
      <span className={styles.bell}>
        <Tooltip content="Notifications" relationship="label">
          <Button
            appearance="transparent"
            className={styles.icon}
            icon={<Alert20Regular />}
            onClick={() => setOpen(true)}
          />
        </Tooltip>
        {notifications.length > 0 && (
          <CounterBadge className={styles.count} size="small" color="informative" count={notifications.length} />
        )}
      </span>
      <OverlayDrawer
        open={open}
        position="end"
        className={styles.drawer}
        onOpenChange={(_, { open: next }) => setOpen(next)}
      >
        <DrawerHeader>
          <DrawerHeaderTitle
            action={
              <Button
                appearance="subtle"
                aria-label="Close"
                icon={<Dismiss24Regular />}
                onClick={() => setOpen(false)}
              />
            }
          >
            Notifications
          </DrawerHeaderTitle>
        </DrawerHeader>
        <DrawerBody>
          {notifications.length === 0 ? (
            <Empty title="Nothing was sent yet">
              Requests that forms and buttons send appear here with what they were answered.
            </Empty>
          ) : (
            <Accordion multiple collapsible>
              {notifications.map((notification) => (
                <AccordionItem key={notification.id} value={notification.id}>
                  <One notification={notification} />
                </AccordionItem>
              ))}
            </Accordion>
          )}
        </DrawerBody>
      </OverlayDrawer>
      <Toaster toasterId={toasterId} />
    </>
  );
}
