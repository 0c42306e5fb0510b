/** Forms from data: each field says how it reads and writes its member, and Azure's errors are shown at the field they name. */
import { Combobox, Dropdown, Field, Input, makeStyles, Option, Switch, tokens } from '@fluentui/react-components';
import { type AzureErrorBody, RequestError } from '../azure/http.js';

export interface Choice {
  readonly value: string;
  readonly text: string;
}

export interface FieldSpec<P> {
  readonly label: string;
  /** The member that Azure's errors name; the last step of its path. */
  readonly member: string;
  readonly kind: 'text' | 'number' | 'choice' | 'switch' | 'many' | 'combo';
  readonly get: (value: P) => string | number | boolean | readonly string[] | undefined;
  readonly set: (value: P, input: never) => P;
  readonly choices?: (value: P) => readonly Choice[];
  readonly hint?: string;
  readonly required?: boolean;
  readonly visible?: (value: P) => boolean;
}

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
});

function allErrors(error: AzureErrorBody): AzureErrorBody[] {
  return [error, ...(error.details ?? []).flatMap(allErrors)];
}

/**
 * What Azure says about a field: an error whose target or message names its member. A field that holds a `name` is meant by
 * messages that quote the name.
 */
export function messageFor(
  error: unknown,
  { member, name }: { member?: string | undefined; name?: string | undefined },
): string | undefined {
  if (!(error instanceof RequestError)) return undefined;
  const means = (text: string): boolean => {
    if (name === '') return /name\s+is invalid/.test(text);
    if (name !== undefined) return text.includes(name) && /name\W{1,3}$/.test(text.slice(0, text.indexOf(name)));
    return member !== undefined && new RegExp(`(^|[^a-z])${member}([^a-z]|$)`, 'i').test(text);
  };
  return allErrors(error.error).find(({ target, message }) => (target && means(target)) || means(message))?.message;
}

/** The state and message of a field that Azure refused. */
export const refusalOf = (message: string | undefined) =>
  message === undefined ? {} : { validationState: 'error' as const, validationMessage: message };

function Control<P>({ spec, value, onChange }: { spec: FieldSpec<P>; value: P; onChange: (next: P) => void }) {
  const current = spec.get(value);
  const change = (input: unknown): void => onChange(spec.set(value, input as never));
  if (spec.kind === 'switch') {
    return (
      <Switch
        checked={current === true}
        onChange={(_, { checked }) => change(checked)}
        label={current ? 'Enabled' : 'Disabled'}
      />
    );
  }
  if (spec.kind === 'choice' || spec.kind === 'many') {
    const choices = spec.choices?.(value) ?? [];
    const selected = spec.kind === 'many' ? [...((current as string[] | undefined) ?? [])] : [String(current ?? '')];
    const text = choices
      .filter(({ value: one }) => selected.some((other) => other.toLowerCase() === one.toLowerCase()))
      .map((choice) => choice.text)
      .join(', ');
    return (
      <Dropdown
        value={text}
        selectedOptions={selected}
        multiselect={spec.kind === 'many'}
        placeholder="Select"
        onOptionSelect={(_, { optionValue, selectedOptions }) =>
          change(spec.kind === 'many' ? selectedOptions : (optionValue ?? ''))
        }
      >
        {choices.map((choice) => (
          <Option key={choice.value} value={choice.value} text={choice.text}>
            {choice.text}
          </Option>
        ))}
      </Dropdown>
    );
  }
  if (spec.kind === 'combo') {
    return (
      <Combobox
        freeform
        value={String(current ?? '')}
        onChange={(event) => change(event.target.value)}
        // Typing over a chosen option takes the choice away; the text stays.
        onOptionSelect={(_, { optionValue }) => optionValue !== undefined && change(optionValue)}
      >
        {(spec.choices?.(value) ?? []).map((choice) => (
          <Option key={choice.value} value={choice.value} text={choice.text}>
            {choice.text}
          </Option>
        ))}
      </Combobox>
    );
  }
  return (
    <Input
      type={spec.kind === 'number' ? 'number' : 'text'}
      value={current === undefined ? '' : String(current)}
      onChange={(_, { value: text }) =>
        change(spec.kind === 'number' ? (text === '' ? undefined : Number(text)) : text)
      }
    />
  );
}

/** The fields of a form. `error` is what the last request was answered. */
export function Fields<P>({
  specs,
  value,
  onChange,
  error,
}: {
  specs: readonly FieldSpec<P>[];
  value: P;
  onChange: (next: P) => void;
  error?: unknown;
}) {
  const styles = useStyles();
  return (
    <div className={styles.form}>
      {specs
        .filter(({ visible }) => visible?.(value) ?? true)
        .map((spec) => {
          const given = spec.member === 'name' ? { name: String(spec.get(value) ?? '') } : { member: spec.member };
          return (
            <Field
              key={spec.label}
              label={spec.label}
              required={spec.required ?? false}
              {...(spec.hint === undefined ? {} : { hint: spec.hint })}
              {...refusalOf(messageFor(error, given))}
            >
              <Control spec={spec} value={value} onChange={onChange} />
            </Field>
          );
        })}
    </div>
  );
}
