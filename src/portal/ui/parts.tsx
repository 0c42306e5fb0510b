/** Small parts that every page uses: health badges, links to resources, text to copy, properties, JSON. */
import {
  Badge,
  Button,
  Link as FluentLink,
  makeStyles,
  mergeClasses,
  Tooltip,
  tokens,
} from '@fluentui/react-components';
import {
  Add20Regular,
  ArrowClockwise20Regular,
  CheckmarkCircle16Filled,
  Copy16Regular,
  Delete16Regular,
  DismissCircle16Filled,
  Edit16Regular,
  QuestionCircle16Regular,
  Warning16Filled,
} from '@fluentui/react-icons';
import { Fragment, type ReactNode, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { readId } from '../azure/arm.js';
import type { BackendView } from '../azure/emulator.js';
import { explainReason, type HealthCount, type HealthWord, wordFor } from '../azure/health.js';
import { queryClient } from '../azure/queries.js';
import { CommandBar } from './page.js';

/** A link inside the portal. `href` is below /portal; a modifier key opens it as the browser does. */
export function PageLink({
  href,
  children,
  ...look
}: {
  href: string;
  children: ReactNode;
  className?: string;
  title?: string;
  'aria-current'?: 'page';
}) {
  const [, navigate] = useLocation();
  return (
    <FluentLink
      {...look}
      href={`/portal${href}`}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        navigate(href);
      }}
    >
      {children}
    </FluentLink>
  );
}

/** The look of a link in a menu. */
export const menuLink = {
  borderRadius: tokens.borderRadiusMedium,
  color: tokens.colorNeutralForeground1,
  textDecorationLine: 'none',
  ':hover': {
    backgroundColor: tokens.colorSubtleBackgroundHover,
    color: tokens.colorNeutralForeground2Hover,
    textDecorationLine: 'none',
  },
} as const;

/** Reads everything that the page shows again. */
export const RefreshButton = () => (
  <Button appearance="subtle" icon={<ArrowClockwise20Regular />} onClick={() => void queryClient.invalidateQueries()}>
    Refresh
  </Button>
);

/** What can be done with a list whose rows can be added. */
export const AddAndRefresh = ({ onAdd }: { onAdd: () => void }) => (
  <CommandBar>
    <Button appearance="subtle" icon={<Add20Regular />} onClick={onAdd}>
      Add
    </Button>
    <RefreshButton />
  </CommandBar>
);

/** The buttons of a row that can be changed. */
export const RowActions = ({ name, onEdit, onRemove }: { name: string; onEdit: () => void; onRemove: () => void }) => (
  <span style={{ whiteSpace: 'nowrap' }}>
    <Button size="small" appearance="subtle" icon={<Edit16Regular />} aria-label={`Edit ${name}`} onClick={onEdit} />
    <Button
      size="small"
      appearance="subtle"
      icon={<Delete16Regular />}
      aria-label={`Remove ${name}`}
      onClick={onRemove}
    />
  </span>
);

/** The page of a resource. Load balancers and their children have pages of their own. */
export function pageOf(id: string): string {
  const { type, root } = readId(id);
  if (/^microsoft\.network\/loadbalancers/i.test(type)) return `/load-balancer${root}`;
  return `/resource${root}`;
}

export const ResourceLink = ({ id, text }: { id: string | undefined; text?: string }) =>
  id === undefined ? <>-</> : <PageLink href={pageOf(id)}>{text ?? readId(id).name}</PageLink>;

const icons: Readonly<Record<HealthWord, ReactNode>> = {
  Healthy: <CheckmarkCircle16Filled primaryFill={tokens.colorPaletteGreenForeground1} />,
  Degraded: <Warning16Filled primaryFill={tokens.colorPaletteDarkOrangeForeground1} />,
  Unhealthy: <DismissCircle16Filled primaryFill={tokens.colorPaletteRedForeground1} />,
  Unknown: <QuestionCircle16Regular primaryFill={tokens.colorNeutralForeground3} />,
};

const useStyles = makeStyles({
  line: { display: 'inline-flex', alignItems: 'center', gap: tokens.spacingHorizontalXS, whiteSpace: 'nowrap' },
  // Read down the first column, then down the second, as Essentials are.
  properties: { columns: '340px 2', columnGap: tokens.spacingHorizontalXXL, margin: `0 0 ${tokens.spacingVerticalL}` },
  oneColumn: { columns: 'auto' },
  property: {
    display: 'grid',
    gridTemplateColumns: 'minmax(120px, 180px) minmax(0, 1fr)',
    gap: tokens.spacingHorizontalM,
    paddingBottom: tokens.spacingVerticalXS,
    breakInside: 'avoid',
  },
  term: { color: tokens.colorNeutralForeground3 },
  value: { margin: 0, overflowWrap: 'anywhere', minWidth: 0 },
  code: {
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    backgroundColor: tokens.colorNeutralBackground3,
    padding: tokens.spacingHorizontalM,
    borderRadius: tokens.borderRadiusMedium,
    overflow: 'auto',
    maxHeight: '60vh',
    margin: 0,
    whiteSpace: 'pre',
  },
  copy: { position: 'relative' },
  id: {
    display: 'flex',
    alignItems: 'start',
    gap: tokens.spacingHorizontalXS,
    minWidth: 0,
    '> button': { minWidth: 'auto', flexShrink: 0, marginBlock: '-2px' },
  },
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  copyButton: { position: 'absolute', top: '4px', right: '4px', backgroundColor: tokens.colorNeutralBackground3 },
});

/** The icon of a health: its shape says as much as its colour. */
export const HealthIcon = ({ word }: { word: HealthWord }) => <>{icons[word]}</>;

/** Words behind the icon of a health. */
export function HealthWordLine({ word, children }: { word: HealthWord; children: ReactNode }) {
  const styles = useStyles();
  return (
    <span className={styles.line}>
      {icons[word]} {children}
    </span>
  );
}

/** "Healthy (2 of 2)". */
export function Health({ count }: { count: HealthCount }) {
  const word = wordFor(count);
  return (
    <HealthWordLine word={word}>
      {word} {count.all > 0 && `(${count.up} of ${count.all})`}
    </HealthWordLine>
  );
}

/** The state of one member with Azure's reason. */
export function MemberState({ state, reason }: Pick<BackendView, 'state' | 'reason'>) {
  const styles = useStyles();
  const word: HealthWord = state === 'Up' ? 'Healthy' : 'Unhealthy';
  return (
    <Tooltip content={explainReason(reason)} relationship="description">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the reason in the tooltip must be reachable by keyboard */}
      <span className={styles.line} tabIndex={0} role="note">
        {icons[word]} {state}
        <Badge appearance="tint" color={state === 'Up' ? 'success' : 'danger'}>
          {reason}
        </Badge>
      </span>
    </Tooltip>
  );
}

/** A text whose lines break behind a slash rather than inside a word, as ids should. */
const breakable = (text: string): ReactNode =>
  text.split(/(?<=\/)/).map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts of a text have no other identity
    <Fragment key={index}>
      {part}
      <wbr />
    </Fragment>
  ));

/** Names and values side by side, as under "Essentials": in two columns where there is room, or in one. */
export function Properties({
  items,
  columns = 2,
}: {
  items: readonly (readonly [string, ReactNode])[];
  columns?: 1 | 2;
}) {
  const styles = useStyles();
  return (
    <dl className={mergeClasses(styles.properties, columns === 1 && styles.oneColumn)}>
      {items.map(([name, value]) => (
        <div key={name} className={styles.property}>
          <dt className={styles.term}>{name}</dt>
          <dd className={styles.value}>
            {value === undefined || value === '' ? '-' : typeof value === 'string' ? breakable(value) : value}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Puts a text into the clipboard, and says so. */
function CopyButton({ text, label, className }: { text: string; label: string; className?: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <Button
      {...(className !== undefined && { className })}
      size="small"
      appearance="subtle"
      icon={<Copy16Regular />}
      aria-label={`Copy ${label}`}
      onClick={async () => {
        await navigator.clipboard.writeText(text);
        setCopied(true);
        setTimeout(() => setCopied(false), 1500);
      }}
    >
      {copied ? 'Copied' : ''}
    </Button>
  );
}

/** An id on one line, cut where there is no room for it, with a button that copies all of it. */
export function CopyText({ text, label }: { text: string | undefined; label: string }) {
  const styles = useStyles();
  if (!text) return <>-</>;
  return (
    <span className={styles.id}>
      <span className={styles.cut} title={text}>
        {text}
      </span>
      <CopyButton text={text} label={label} />
    </span>
  );
}

/** Asks for a file. */
export function FileButton({
  label,
  accept,
  onFile,
  children,
  ...button
}: {
  /** What the file is, for who cannot see the button. */
  label: string;
  accept: string;
  onFile: (file: File) => void;
  children: ReactNode;
  onFocus?: () => void;
  onMouseEnter?: () => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button {...button} onClick={() => input.current?.click()}>
        {children}
      </Button>
      <input
        ref={input}
        hidden
        type="file"
        accept={accept}
        aria-label={label}
        onChange={(event) => {
          const [given] = event.target.files ?? [];
          if (given) onFile(given);
          // The same file may be chosen again.
          event.target.value = '';
        }}
      />
    </>
  );
}

/** Characters of a text that are shown at first: a page stays quick beside a document of a megabyte. */
const mostShown = 20_000;

/** Text in a box, with a button that copies it. */
export function Code({ text, label }: { text: string; label: string }) {
  const styles = useStyles();
  const [whole, setWhole] = useState(false);
  const cut = !whole && text.length > mostShown;
  return (
    <div className={styles.copy}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <section className={styles.code} tabIndex={0} aria-label={label}>
        {cut ? `${text.slice(0, mostShown)}…` : text}
      </section>
      {cut && (
        <Button size="small" onClick={() => setWhole(true)} style={{ marginTop: 4 }}>
          Show all {text.length.toLocaleString()} characters
        </Button>
      )}
      <CopyButton className={styles.copyButton} text={text} label={label} />
    </div>
  );
}

export const Json = ({ value, label = 'JSON' }: { value: unknown; label?: string }) => (
  <Code text={JSON.stringify(value, null, 2)} label={label} />
);
