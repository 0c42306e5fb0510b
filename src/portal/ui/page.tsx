/** The frame of every page: breadcrumb, title, commands, and what is shown while there is nothing, or an error. */
import {
  Breadcrumb,
  BreadcrumbButton,
  BreadcrumbDivider,
  BreadcrumbItem,
  Button,
  Caption1,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  Skeleton,
  SkeletonItem,
  Subtitle1,
  Text,
  tokens,
} from '@fluentui/react-components';
import { Fragment, type ReactNode, useEffect } from 'react';
import { useLocation } from 'wouter';
import { RequestError } from '../azure/http.js';

const useStyles = makeStyles({
  crumbs: { marginInlineStart: '-6px' },
  page: { padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalXXL}`, maxWidth: '1600px', minWidth: 0 },
  head: { display: 'flex', flexWrap: 'wrap', alignItems: 'baseline', gap: tokens.spacingHorizontalM, margin: 0 },
  title: { margin: 0, overflowWrap: 'anywhere' },
  commands: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: tokens.spacingHorizontalS,
    padding: `${tokens.spacingVerticalS} 0`,
    marginBottom: tokens.spacingVerticalM,
    '> button': { minWidth: 'auto' },
    // The icons of the buttons stand below the title, not their padding.
    '> :first-child': { marginInlineStart: '-12px' },
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  empty: {
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'flex-start',
    gap: tokens.spacingVerticalM,
    padding: `${tokens.spacingVerticalXXL} 0`,
    maxWidth: '560px',
  },
  subtle: { color: tokens.colorNeutralForeground3 },
  loading: {
    display: 'grid',
    gap: tokens.spacingVerticalM,
    maxWidth: '720px',
    padding: `${tokens.spacingVerticalM} 0`,
  },
});

/** Commands above what they are about. */
export const CommandBar = ({ children }: { children: ReactNode }) => (
  <div className={useStyles().commands}>{children}</div>
);

export interface Crumb {
  readonly text: string;
  readonly href: string;
}

export function Page({
  title,
  kind,
  crumbs = [],
  commands,
  children,
}: {
  title: string;
  /** What the thing is: "Load balancer". */
  kind?: string;
  crumbs?: readonly Crumb[];
  commands?: ReactNode;
  children: ReactNode;
}) {
  const styles = useStyles();
  const [, navigate] = useLocation();
  useEffect(() => {
    document.title = `${title} - Lazurite`;
  }, [title]);
  return (
    <div className={styles.page}>
      {crumbs.length > 0 && (
        <Breadcrumb aria-label="Breadcrumb" size="small" className={styles.crumbs}>
          {crumbs.map(({ text, href }, index) => (
            <Fragment key={href}>
              <BreadcrumbItem>
                <BreadcrumbButton
                  href={`/portal${href}`}
                  onClick={(event) => {
                    event.preventDefault();
                    navigate(href);
                  }}
                >
                  {text}
                </BreadcrumbButton>
              </BreadcrumbItem>
              {index < crumbs.length - 1 && <BreadcrumbDivider />}
            </Fragment>
          ))}
        </Breadcrumb>
      )}
      <div className={styles.head}>
        <Subtitle1 as="h1" className={styles.title}>
          {title}
        </Subtitle1>
        {kind !== undefined && <Caption1 className={styles.subtle}>{kind}</Caption1>}
      </div>
      {commands !== undefined ? <CommandBar>{commands}</CommandBar> : <div style={{ height: 12 }} />}
      {children}
    </div>
  );
}

/** A time as people here read it. */
export const formatTime = (time: string): string => new Date(time).toLocaleString();

/** What a list shows when it is empty: what belongs here and what to do. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  const styles = useStyles();
  return (
    <div className={styles.empty}>
      <Text weight="semibold" size={400}>
        {title}
      </Text>
      {children !== undefined && <Text className={styles.subtle}>{children}</Text>}
      {action}
    </div>
  );
}

/** Azure's code and message of what failed, with the details it gives. */
export function ErrorBar({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const request = error instanceof RequestError ? error : undefined;
  return (
    <MessageBar intent="error" layout="multiline" role="alert">
      <MessageBarBody>
        <MessageBarTitle>{request?.error.code ?? 'Error'}</MessageBarTitle>
        {error instanceof Error ? error.message : String(error)}
        {request?.error.target && <> (target: {request.error.target})</>}
        {(request?.error.details ?? []).length > 0 && (
          <ul style={{ margin: '4px 0 0', paddingInlineStart: 20 }}>
            {request?.error.details?.map((detail) => (
              <li key={`${detail.code}${detail.message}`}>
                <strong>{detail.code}</strong>: {detail.message}
                {detail.target && <> (target: {detail.target})</>}
              </li>
            ))}
          </ul>
        )}
        {onRetry && (
          <Button size="small" onClick={onRetry} style={{ marginInlineStart: 8 }}>
            Try again
          </Button>
        )}
      </MessageBarBody>
    </MessageBar>
  );
}

/** The outline of what is being read. */
export const Loading = () => (
  <Skeleton aria-label="Loading…" className={useStyles().loading}>
    {['40%', '100%', '90%', '95%', '80%'].map((width) => (
      <SkeletonItem key={width} size={16} style={{ width }} />
    ))}
  </Skeleton>
);

interface QueryLike<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly refetch: () => unknown;
}

/** Shows a query's data, or that it is loading, or why it failed. What was read before stays while it is read again. */
export function Loaded<T>({ query, children }: { query: QueryLike<T>; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <ErrorBar error={query.error} onRetry={() => query.refetch()} />;
  return <Loading />;
}
