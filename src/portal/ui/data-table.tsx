/** A table as Azure's portal has them: filter, sortable columns, rows that stay readable with long names. */
import {
  Button,
  makeStyles,
  mergeClasses,
  SearchBox,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  Text,
  tokens,
} from '@fluentui/react-components';
import { type ReactNode, useMemo, useState } from 'react';
import { useParameter } from './address.js';

export interface Column<T> {
  readonly name: string;
  /** What sorting and the filter compare. */
  readonly text: (row: T) => string | number;
  /** What the cell shows, if more than the text. */
  readonly show?: (row: T) => ReactNode;
  readonly width?: string;
}

const useStyles = makeStyles({
  bar: {
    display: 'flex',
    gap: tokens.spacingHorizontalM,
    alignItems: 'center',
    marginBottom: tokens.spacingVerticalS,
    flexWrap: 'wrap',
  },
  scroll: { overflowX: 'auto' },
  table: { minWidth: '420px', tableLayout: 'auto' },
  // A short text is never broken inside a word; the table scrolls before that. A long one, such as an id, may be.
  cell: { overflowWrap: 'break-word', paddingTop: '6px', paddingBottom: '6px', height: 'auto' },
  longCell: { overflowWrap: 'anywhere', minWidth: '160px' },
  count: { color: tokens.colorNeutralForeground3 },
});

/** Characters from which a text counts as long. */
const long = 40;
/** More rows than this are shown on demand: a page of a thousand rows stays quick. */
const pageSize = 100;

export function DataTable<T>({
  label,
  rows,
  columns,
  rowKey,
  empty,
  filterable = true,
  toolbar,
}: {
  label: string;
  rows: readonly T[];
  columns: readonly Column<T>[];
  rowKey: (row: T) => string;
  empty: ReactNode;
  filterable?: boolean;
  toolbar?: ReactNode;
}) {
  const styles = useStyles();
  const key = label.toLowerCase().replaceAll(/\W+/g, '-');
  const [filter = '', setFilter] = useParameter(`filter-${key}`);
  const [order, setOrder] = useParameter(`sort-${key}`);
  const sorted = columns.findIndex(({ name }) => name === order?.replace(/ descending$/, ''));
  const ascending = !order?.endsWith(' descending');
  const [shown, setShown] = useState(pageSize);

  const found = useMemo(() => {
    const wanted = filter.trim().toLowerCase();
    const kept =
      wanted === ''
        ? [...rows]
        : rows.filter((row) => columns.some(({ text }) => String(text(row)).toLowerCase().includes(wanted)));
    const by = columns[sorted];
    if (!by) return kept;
    const direction = ascending ? 1 : -1;
    return kept.sort((one, other) => {
      const [a, b] = [by.text(one), by.text(other)];
      const order =
        typeof a === 'number' && typeof b === 'number'
          ? a - b
          : String(a).localeCompare(String(b), 'en', { numeric: true });
      return order * direction;
    });
  }, [rows, columns, filter, sorted, ascending]);

  if (rows.length === 0) return <>{empty}</>;
  const complete = !filterable && found.length <= shown;
  return (
    <>
      {complete && toolbar === undefined ? null : (
        <div className={styles.bar}>
          {filterable && (
            <SearchBox
              aria-label={`Filter ${label}`}
              placeholder="Filter for any field…"
              size="small"
              value={filter}
              onChange={(_, { value }) => setFilter(value === '' ? undefined : value)}
            />
          )}
          {toolbar}
          {!complete && (
            <Text size={200} className={styles.count} role="status">
              Showing {Math.min(shown, found.length)} of {found.length} records
            </Text>
          )}
        </div>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <section className={styles.scroll} tabIndex={0} aria-label={label}>
        <Table size="small" aria-label={label} sortable className={styles.table}>
          <TableHeader>
            <TableRow>
              {columns.map(({ name, width }, index) => (
                <TableHeaderCell
                  key={name}
                  style={width === undefined ? {} : { width }}
                  {...(sorted === index ? { sortDirection: ascending ? 'ascending' : 'descending' } : {})}
                  onClick={() => setOrder(sorted === index && ascending ? `${name} descending` : name)}
                >
                  {name}
                </TableHeaderCell>
              ))}
            </TableRow>
          </TableHeader>
          <TableBody>
            {found.slice(0, shown).map((row) => (
              <TableRow key={rowKey(row)}>
                {columns.map(({ name, text, show }) => (
                  <TableCell
                    key={name}
                    className={mergeClasses(styles.cell, String(text(row)).length > long && styles.longCell)}
                  >
                    {show ? show(row) : text(row)}
                  </TableCell>
                ))}
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </section>
      {found.length > shown && (
        <Button size="small" onClick={() => setShown(shown + 500)} style={{ marginTop: 8 }}>
          Show more
        </Button>
      )}
    </>
  );
}
