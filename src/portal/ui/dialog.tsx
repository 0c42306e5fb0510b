/** A dialog in the middle of the page: a question, or details of one entry. */
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from '@fluentui/react-components';
import type { CSSProperties, FormEventHandler, ReactNode } from 'react';

export interface ModalDialogProps {
  readonly title: ReactNode;
  /** The buttons; a form's button of type `submit` is one of them. */
  readonly actions: ReactNode;
  readonly children: ReactNode;
  readonly open?: boolean;
  /** Called by Escape and a click beside it; without it the dialog waits for one of its buttons. */
  readonly onClose?: () => void;
  /** Makes a form of it. */
  readonly onSubmit?: FormEventHandler;
  readonly style?: CSSProperties;
}

export function ModalDialog({ title, actions, children, open = true, onClose, onSubmit, style }: ModalDialogProps) {
  const body = (
    <DialogBody>
      <DialogTitle>{title}</DialogTitle>
      <DialogContent>{children}</DialogContent>
      <DialogActions>{actions}</DialogActions>
    </DialogBody>
  );
  return (
    <Dialog
      open={open}
      modalType={onClose ? 'modal' : 'alert'}
      onOpenChange={(_, change) => {
        if (!change.open) onClose?.();
      }}
    >
      <DialogSurface {...(style && { style })}>
        {onSubmit ? <form onSubmit={onSubmit}>{body}</form> : body}
      </DialogSurface>
    </Dialog>
  );
}

/** A dialog that shows details, with a button that closes it. */
export function DetailsDialog({
  title,
  onClose,
  children,
}: {
  title: ReactNode;
  onClose: () => void;
  children: ReactNode;
}) {
  const close = <Button onClick={onClose}>Close</Button>;
  return (
    <ModalDialog title={title} onClose={onClose} actions={close} style={{ maxWidth: 900 }}>
      {children}
    </ModalDialog>
  );
}
