/** Asks for a token, which is kept for this session of the browser only. */
import { Button, Field, Input, Text } from '@fluentui/react-components';
import { useState } from 'react';
import { setToken } from './azure/http.js';
import { queryClient } from './azure/queries.js';
import { ModalDialog } from './ui/dialog.js';

export default function TokenDialog({ onClose }: { onClose: () => void }) {
  const [token, setText] = useState('');
  return (
    <ModalDialog
      title="A token is needed"
      onSubmit={(event) => {
        event.preventDefault();
        setToken(token.trim());
        onClose();
        void queryClient.invalidateQueries();
      }}
      actions={
        <Button type="submit" appearance="primary" disabled={token.trim() === ''}>
          Use token
        </Button>
      }
    >
      <Text block style={{ marginBottom: 12 }}>
        This Lazurite runs with --auth token. The command <code>lazurite env</code> prints a link to this portal with a
        token in it; a token can also be pasted here.
      </Text>
      <Field label="Access token" required>
        <Input value={token} onChange={(_, { value }) => setText(value)} type="password" autoComplete="off" />
      </Field>
    </ModalDialog>
  );
}
