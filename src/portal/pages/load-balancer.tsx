/** One load balancer: the menu beside its pages, and which page an address shows. */
import { Button, makeStyles, mergeClasses, Text, tokens } from '@fluentui/react-components';
import { Delete20Regular, Tag20Regular } from '@fluentui/react-icons';
import { Fragment, lazy, Suspense } from 'react';
import { useLocation } from 'wouter';
import { type LoadBalancer, networkVersion, readId } from '../azure/arm.js';
import { useResource } from '../azure/queries.js';
import { useOpened } from '../ui/address.js';
import { DeleteDialog } from '../ui/delete-dialog.js';
import { CommandBar, Loaded, Loading, Page } from '../ui/page.js';
import { menuLink, PageLink, RefreshButton } from '../ui/parts.js';
import { ActivityLog } from './activity-log.js';
import { BackendPools } from './backend-pools.js';
import { CollectionPage } from './collection-page.js';
import { Overview } from './overview.js';
import { ExportTemplate, PropertiesPage, ResourceHealth, TagsPanel } from './resource-pages.js';

const Insights = lazy(() => import('./insights.js'));
const Metrics = lazy(() => import('./metrics.js'));

const menu: readonly (readonly [group: string, items: readonly (readonly [page: string, text: string])[]])[] = [
  [
    '',
    [
      ['overview', 'Overview'],
      ['activity-log', 'Activity log'],
    ],
  ],
  [
    'Settings',
    [
      ['frontends', 'Frontend IP configuration'],
      ['backend-pools', 'Backend pools'],
      ['probes', 'Health probes'],
      ['rules', 'Load balancing rules'],
      ['nat-rules', 'Inbound NAT rules'],
      ['outbound-rules', 'Outbound rules'],
      ['properties', 'Properties'],
      ['export', 'Export template'],
    ],
  ],
  [
    'Monitoring',
    [
      ['insights', 'Insights'],
      ['metrics', 'Metrics'],
      ['health', 'Resource health'],
    ],
  ],
];

const useStyles = makeStyles({
  body: { display: 'grid', gridTemplateColumns: '210px minmax(0, 1fr)', gap: tokens.spacingHorizontalXXL },
  narrow: { '@media (max-width: 1150px)': { gridTemplateColumns: 'minmax(0, 1fr)' } },
  menu: {
    display: 'flex',
    flexDirection: 'column',
    '@media (max-width: 1150px)': { flexDirection: 'row', flexWrap: 'wrap' },
  },
  group: {
    padding: '12px 8px 4px',
    color: tokens.colorNeutralForeground3,
    '@media (max-width: 1150px)': { display: 'none' },
  },
  item: {
    padding: '5px 8px',
    ...menuLink,
  },
  current: {
    backgroundColor: tokens.colorSubtleBackgroundSelected,
    color: tokens.colorNeutralForeground2Selected,
    fontWeight: tokens.fontWeightSemibold,
  },
});

/** `/subscriptions/…/loadBalancers/NAME/PAGE` apart. */
export function readPath(path: string): { id: string; page: string; selected: string | undefined } {
  const parts = path.replace(/^\/load-balancer\//, '').split('/');
  const id = `/${parts.slice(0, 8).map(decodeURIComponent).join('/')}`;
  return { id, page: parts[8] || 'overview', selected: parts[9] };
}

function Contents({ lb, page }: { lb: LoadBalancer; page: string }) {
  switch (page) {
    case 'activity-log':
      return <ActivityLog id={lb.id} />;
    case 'frontends':
      return <CollectionPage lb={lb} collection="frontendIPConfigurations" />;
    case 'backend-pools':
      return <BackendPools lb={lb} />;
    case 'probes':
      return <CollectionPage lb={lb} collection="probes" />;
    case 'rules':
      return <CollectionPage lb={lb} collection="loadBalancingRules" />;
    case 'nat-rules':
      return <CollectionPage lb={lb} collection="inboundNatRules" />;
    case 'outbound-rules':
      return <CollectionPage lb={lb} collection="outboundRules" />;
    case 'properties':
      return <PropertiesPage resource={lb} />;
    case 'export':
      return <ExportTemplate resource={lb} />;
    case 'insights':
      return <Insights lb={lb} />;
    case 'metrics':
      return <Metrics lb={lb} />;
    case 'health':
      return <ResourceHealth lb={lb} />;
    default:
      return <Overview lb={lb} />;
  }
}

export default function LoadBalancerPage() {
  const styles = useStyles();
  const [path, navigate] = useLocation();
  const { id, page } = readPath(path);
  const query = useResource<LoadBalancer>(id, networkVersion);
  const dialog = useOpened('dialog');
  const current = menu.flatMap(([, items]) => items).find(([key]) => key === page)?.[1] ?? 'Overview';
  const { name } = readId(id);
  return (
    <Page
      title={current === 'Overview' ? name : `${name} | ${current}`}
      kind="Load balancer"
      crumbs={[
        { text: 'Home', href: '/' },
        { text: 'Load balancers', href: '/load-balancers' },
      ]}
    >
      <div className={mergeClasses(styles.body, styles.narrow)}>
        <nav className={styles.menu} aria-label={name}>
          {menu.map(([group, items]) => (
            <Fragment key={group}>
              {group !== '' && (
                <Text size={200} className={styles.group}>
                  {group}
                </Text>
              )}
              {items.map(([key, text]) => {
                const href = `/load-balancer${id}/${key}`;
                return (
                  <PageLink
                    key={key}
                    href={href}
                    className={mergeClasses(styles.item, key === page && styles.current)}
                    {...(key === page ? { 'aria-current': 'page' as const } : {})}
                  >
                    {text}
                  </PageLink>
                );
              })}
            </Fragment>
          ))}
        </nav>
        <div>
          <Loaded query={query}>
            {(lb) => (
              <Suspense fallback={<Loading />}>
                {current === 'Overview' && (
                  <CommandBar>
                    <RefreshButton />
                    <Button appearance="subtle" icon={<Tag20Regular />} onClick={() => dialog.open('tags')}>
                      Tags
                    </Button>
                    <Button appearance="subtle" icon={<Delete20Regular />} onClick={() => dialog.open('delete')}>
                      Delete
                    </Button>
                  </CommandBar>
                )}
                <Contents lb={lb} page={page} />
                {dialog.opened === 'tags' && <TagsPanel resource={lb} onClose={dialog.close} />}
              </Suspense>
            )}
          </Loaded>
        </div>
      </div>
      {dialog.opened === 'delete' && (
        <DeleteDialog id={id} onClose={dialog.close} onDeleted={() => navigate('/load-balancers')} />
      )}
    </Page>
  );
}
