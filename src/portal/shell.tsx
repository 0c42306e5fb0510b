/** The frame around every page: header, navigation, theme, the question for a token. */
import {
  Button,
  FluentProvider,
  makeStyles,
  mergeClasses,
  Spinner,
  Text,
  Tooltip,
  teamsHighContrastTheme,
  tokens,
  webDarkTheme,
  webLightTheme,
} from '@fluentui/react-components';
import {
  Beaker20Regular,
  Cloud20Regular,
  DarkTheme20Regular,
  DocumentFlowchart20Regular,
  Flow20Regular,
  Home20Regular,
  NetworkCheck20Regular,
  Organization20Regular,
} from '@fluentui/react-icons';
import {
  Component,
  type ComponentType,
  lazy,
  type ReactNode,
  Suspense,
  useEffect,
  useState,
  useSyncExternalStore,
} from 'react';
import { Redirect, Route, Switch, useLocation } from 'wouter';
import { useStreamState } from './azure/events.js';
import { whenUnauthorized } from './azure/http.js';
import { places } from './places.js';
import { ErrorBar, Page } from './ui/page.js';
import { menuLink, PageLink } from './ui/parts.js';

const useStyles = makeStyles({
  frame: {
    display: 'grid',
    gridTemplateRows: '48px 1fr',
    height: '100vh',
    backgroundColor: tokens.colorNeutralBackground1,
  },
  header: {
    display: 'flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalM,
    padding: `0 ${tokens.spacingHorizontalL}`,
    backgroundColor: tokens.colorBrandBackground,
    color: tokens.colorNeutralForegroundOnBrand,
  },
  brand: { color: 'inherit', fontWeight: tokens.fontWeightSemibold, fontSize: tokens.fontSizeBase400 },
  grow: { flexGrow: 1 },
  onBrand: { color: 'inherit', ':hover': { color: 'inherit' } },
  body: { display: 'grid', gridTemplateColumns: '236px minmax(0, 1fr)', minHeight: 0 },
  bodyNarrow: { '@media (max-width: 900px)': { gridTemplateColumns: '48px minmax(0, 1fr)' } },
  nav: {
    borderRight: `1px solid ${tokens.colorNeutralStroke2}`,
    padding: tokens.spacingVerticalS,
    display: 'flex',
    flexDirection: 'column',
    gap: '2px',
    overflowY: 'auto',
    '@media (max-width: 900px)': { padding: '8px 4px' },
  },
  item: {
    display: 'flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalM,
    padding: `${tokens.spacingVerticalSNudge} ${tokens.spacingHorizontalM}`,
    ...menuLink,
    '@media (max-width: 900px)': { padding: '8px' },
  },
  current: {
    backgroundColor: tokens.colorSubtleBackgroundSelected,
    color: tokens.colorNeutralForeground2Selected,
    fontWeight: tokens.fontWeightSemibold,
  },
  label: { '@media (max-width: 900px)': { display: 'none' } },
  main: { overflow: 'auto', minWidth: 0 },
  dot: { width: '8px', height: '8px', borderRadius: '50%', display: 'inline-block', marginInlineEnd: '6px' },
});

const menu = [
  { href: '/', text: 'Home', icon: <Home20Regular />, match: /^\/$/ },
  { href: '/load-balancers', text: 'Load balancers', icon: <Flow20Regular />, match: /^\/(load-balancers?|create)/ },
  { href: '/traffic', text: 'Traffic', icon: <NetworkCheck20Regular />, match: /^\/traffic/ },
  { href: '/cloud-services', text: 'Cloud services (classic)', icon: <Cloud20Regular />, match: /^\/cloud-services/ },
  { href: '/neighbours', text: 'Neighbours', icon: <Organization20Regular />, match: /^\/(neighbours|resource)/ },
  { href: '/deployments', text: 'Deployments', icon: <DocumentFlowchart20Regular />, match: /^\/deployments/ },
  { href: '/lab', text: 'Lab', icon: <Beaker20Regular />, match: /^\/lab/ },
] as const;

function Navigation() {
  const styles = useStyles();
  const [path] = useLocation();
  return (
    <nav className={styles.nav} aria-label="Main">
      {menu.map(({ href, text, icon, match }) => {
        const isCurrent = match.test(path);
        return (
          <PageLink
            key={href}
            href={href}
            title={text}
            className={mergeClasses(styles.item, isCurrent && styles.current)}
            {...(isCurrent ? { 'aria-current': 'page' as const } : {})}
          >
            {icon}
            <span className={styles.label}>{text}</span>
          </PageLink>
        );
      })}
    </nav>
  );
}

const themes = { light: webLightTheme, dark: webDarkTheme, contrast: teamsHighContrastTheme } as const;
type ThemeName = keyof typeof themes;
/** What a person can choose, in the order in which the button goes through it. */
const themeChoices = ['system', ...(Object.keys(themes) as ThemeName[])] as const;
type ThemeChoice = (typeof themeChoices)[number];

const choiceOf = (kept: string | null): ThemeChoice => themeChoices.find((one) => one === kept) ?? 'system';

const forcedColors = matchMedia('(forced-colors: active)');
const prefersDark = matchMedia('(prefers-color-scheme: dark)');

const systemTheme = (): ThemeName => (forcedColors.matches ? 'contrast' : prefersDark.matches ? 'dark' : 'light');

function followSystem(changed: () => void): () => void {
  for (const query of [forcedColors, prefersDark]) query.addEventListener('change', changed);
  return () => {
    for (const query of [forcedColors, prefersDark]) query.removeEventListener('change', changed);
  };
}

/** The theme that is shown: the chosen one, or the system's, also when that changes while the page is open. */
function useTheme() {
  const system = useSyncExternalStore(followSystem, systemTheme);
  const [choice, setChoice] = useState(() => choiceOf(localStorage.getItem('lazurite.theme')));
  // What is chosen in another tab counts here too.
  useEffect(() => {
    const follow = ({ key, newValue }: StorageEvent): void => {
      if (key === 'lazurite.theme') setChoice(choiceOf(newValue));
    };
    addEventListener('storage', follow);
    return () => removeEventListener('storage', follow);
  }, []);
  const choose = (next: ThemeChoice): void => {
    localStorage.setItem('lazurite.theme', next);
    setChoice(next);
  };
  const next = themeChoices[(themeChoices.indexOf(choice) + 1) % themeChoices.length] as ThemeChoice;
  return { theme: themes[choice === 'system' ? system : choice], choice, next, choose };
}

const streamWords = { connecting: 'Connecting', live: 'Live', lost: 'Reconnecting' } as const;

function Stream() {
  const styles = useStyles();
  const state = useStreamState();
  const color = state === 'live' ? '#7fdf7f' : '#ffd27f';
  return (
    <Text size={200} role="status" style={{ color: 'inherit', whiteSpace: 'nowrap' }}>
      <span className={styles.dot} style={{ backgroundColor: color }} aria-hidden="true" />
      {streamWords[state]}
    </Text>
  );
}

/** Once the browser has nothing better to do: the first page does not wait for what nobody has asked for. */
const whenIdle = (): Promise<void> =>
  new Promise((resolve) => {
    if ('requestIdleCallback' in window) requestIdleCallback(() => resolve(), { timeout: 2000 });
    else setTimeout(resolve, 500);
  });

/** The bell. Not in a Suspense: React holds back what stands beside a boundary that has just shown its fallback. */
function Bell() {
  const [Notifications, setNotifications] = useState<ComponentType>();
  useEffect(() => {
    void whenIdle()
      .then(() => import('./ui/notifications.js'))
      .then((module) => setNotifications(() => module.default))
      // Without the server there is nothing to be told either.
      .catch(() => {});
  }, []);
  return Notifications && <Notifications />;
}

const TokenDialog = lazy(() => import('./token-dialog.js'));

/** Asks for a token when the server wants one. */
function AskForToken() {
  const [open, setOpen] = useState(false);
  useEffect(() => whenUnauthorized(() => setOpen(true)), []);
  return open && <TokenDialog onClose={() => setOpen(false)} />;
}

interface Breakable {
  readonly path: string;
  readonly children: ReactNode;
}

/** Says why a page cannot be shown, for example because its file could not be read; the frame stays. */
class Boundary extends Component<Breakable, { error?: unknown; path: string }> {
  override state: { error?: unknown; path: string } = { path: this.props.path };
  static getDerivedStateFromError = (error: unknown) => ({ error });
  // Another page may be in order.
  static getDerivedStateFromProps = ({ path }: Breakable, state: { path: string }) =>
    path === state.path ? null : { path, error: undefined };
  override render(): ReactNode {
    if (this.state.error === undefined) return this.props.children;
    return (
      <Page title="This page cannot be shown">
        <ErrorBar error={this.state.error} onRetry={() => location.reload()} />
      </Page>
    );
  }
}

/** The page that the first address shows, read before anything is drawn. */
export interface FirstPage {
  readonly path: string;
  readonly component: ComponentType;
}

const pagesAfter = (first: FirstPage | undefined): ReactNode => (
  <Switch>
    {places.map(({ path, load }) => (
      <Route key={path} path={path} component={path === first?.path ? first.component : lazy<ComponentType>(load)} />
    ))}
    <Route>
      <Redirect to="/" />
    </Route>
  </Switch>
);

export function Shell({ first }: { first: FirstPage | undefined }) {
  const [pages] = useState(() => pagesAfter(first));
  const styles = useStyles();
  const { theme, choice, next, choose } = useTheme();
  const [path] = useLocation();
  return (
    <FluentProvider theme={theme} style={{ height: '100%' }}>
      <div className={styles.frame}>
        <header className={styles.header}>
          <span className={styles.brand}>Lazurite</span>
          <span className={styles.grow} />
          <Stream />
          <Bell />
          <Tooltip content={`Theme: ${choice}. Switch to ${next}.`} relationship="label">
            <Button
              appearance="transparent"
              className={styles.onBrand}
              icon={<DarkTheme20Regular />}
              onClick={() => choose(next)}
            />
          </Tooltip>
        </header>
        <div className={mergeClasses(styles.body, styles.bodyNarrow)}>
          <Navigation />
          <main className={styles.main}>
            <Boundary path={path}>
              <Suspense fallback={<Spinner style={{ padding: 32 }} label="Loading…" />}>{pages}</Suspense>
            </Boundary>
          </main>
        </div>
      </div>
      <Suspense>
        <AskForToken />
      </Suspense>
    </FluentProvider>
  );
}
