/** Cloud services (classic): services, deployments, roles, endpoints, load-balanced sets; editing a set sends UpdateLbSet. */
import { Button, Dropdown, Field, Input, makeStyles, Option, Spinner, Text, tokens } from '@fluentui/react-components';
import { useLocation } from 'wouter';
import {
  type ClassicDeployment,
  type ClassicEndpoint,
  type SetChange,
  updateLbSet,
  useClassicDeployments,
  useClassicServices,
  writeClassic,
} from '../azure/classic.js';
import { useOpened } from '../ui/address.js';
import { DataTable } from '../ui/data-table.js';
import { useDraft } from '../ui/draft.js';
import { messageFor, refusalOf } from '../ui/fields.js';
import { Empty, ErrorBar, Loaded, Page } from '../ui/page.js';
import { PageLink, Properties } from '../ui/parts.js';
import { RequestPreview } from '../ui/request-preview.js';
import { useSending } from '../ui/sending.js';

const useStyles = makeStyles({
  form: { display: 'grid', gap: tokens.spacingVerticalM, maxWidth: '640px', margin: `${tokens.spacingVerticalM} 0` },
  section: { margin: `${tokens.spacingVerticalL} 0 ${tokens.spacingVerticalS}`, display: 'block' },
});

const distributions = [
  { value: 'none', text: 'none (5-tuple)' },
  { value: 'sourceIP', text: 'sourceIP (2-tuple)' },
  { value: 'sourceIPProtocol', text: 'sourceIPProtocol (3-tuple)' },
] as const;

/** The name that a distribution is read back with. */
const distributionOf = ({ distribution }: ClassicEndpoint): string => distribution || 'none';

const probeOf = ({ probe }: ClassicEndpoint): string =>
  probe ? `${probe.protocol.toUpperCase()} ${probe.port} ${probe.path}`.trim() : '-';

function SetForm({ place, endpoint, onClose }: { place: Place; endpoint: ClassicEndpoint; onClose: () => void }) {
  const styles = useStyles();
  const draft = useDraft<SetChange>(`${place.service}/${place.deployment}/${endpoint.set}`, {
    distribution: distributionOf(endpoint),
    idleTimeout: endpoint.idleTimeout,
    probe: endpoint.probe,
  });
  const { value: change, set: setChange } = draft;
  const { busy, error, answers, send } = useSending();
  const close = (): void => {
    draft.clear();
    onClose();
  };
  const request = updateLbSet(place, endpoint, change);
  const chosen =
    distributions.find(({ value }) => value.toLowerCase() === change.distribution.toLowerCase()) ?? distributions[0];
  return (
    <form
      className={styles.form}
      onSubmit={async (event) => {
        event.preventDefault();
        if (await send(`Update set ${endpoint.set}`, [request], writeClassic(place.subscriptionId))) close();
      }}
    >
      <Text as="h2" weight="semibold">
        Edit load-balanced set {endpoint.set}
      </Text>
      {error !== undefined && <ErrorBar error={error} />}
      <Field
        label="Distribution"
        {...refusalOf(messageFor(error, { member: 'LoadBalancerDistribution|distribution' }))}
      >
        <Dropdown
          value={chosen.text}
          selectedOptions={[chosen.value]}
          onOptionSelect={(_, { optionValue }) => setChange({ ...change, distribution: optionValue ?? 'none' })}
        >
          {distributions.map(({ value, text }) => (
            <Option key={value} value={value} text={text}>
              {text}
            </Option>
          ))}
        </Dropdown>
      </Field>
      <Field
        label="Idle timeout (minutes)"
        {...refusalOf(messageFor(error, { member: 'IdleTimeoutInMinutes|idle timeout' }))}
      >
        <Input
          placeholder="4"
          value={change.idleTimeout}
          onChange={(_, { value }) => setChange({ ...change, idleTimeout: value })}
        />
      </Field>
      {change.probe && (
        <>
          <Field label="Probe port" {...refusalOf(messageFor(error, { member: 'LoadBalancerProbe|probe port|port' }))}>
            <Input
              value={change.probe.port}
              onChange={(_, { value }) =>
                change.probe && setChange({ ...change, probe: { ...change.probe, port: value } })
              }
            />
          </Field>
          {change.probe.protocol.toLowerCase() === 'http' && (
            <Field label="Probe path" {...refusalOf(messageFor(error, { member: 'Path' }))}>
              <Input
                value={change.probe.path}
                onChange={(_, { value }) =>
                  change.probe && setChange({ ...change, probe: { ...change.probe, path: value } })
                }
              />
            </Field>
          )}
        </>
      )}
      <div>
        <Button type="submit" appearance="primary" disabled={busy}>
          Save
        </Button>{' '}
        <Button onClick={close}>Cancel</Button>
        {busy && <Spinner size="tiny" label="Updating…" style={{ display: 'inline-flex', marginInlineStart: 12 }} />}
      </div>
      <RequestPreview
        requests={[request]}
        ways={{
          PowerShell: () =>
            `Set-AzureLoadBalancedEndpoint -ServiceName ${place.service} -LBSetName ${endpoint.set} -Protocol ${endpoint.protocol} -LocalPort ${endpoint.localPort} -IdleTimeoutInMinutes ${change.idleTimeout || 4} -LoadBalancerDistribution ${change.distribution}`,
        }}
        answers={answers}
      />
    </form>
  );
}

interface Place {
  readonly subscriptionId: string;
  readonly service: string;
  readonly deployment: string;
}

function Deployment({ place, deployment }: { place: Place; deployment: ClassicDeployment }) {
  const styles = useStyles();
  const panel = useOpened('set');
  const sets = new Map(
    deployment.endpoints.filter(({ set }) => set !== '').map((endpoint) => [endpoint.set, endpoint] as const),
  );
  const editing = sets.get(panel.opened ?? '');
  return (
    <>
      <Properties
        items={[
          ['Deployment', deployment.name],
          ['Slot', deployment.slot],
          ['Status', deployment.status],
          ['Virtual IP', deployment.virtualIps.join(', ')],
          ['Roles', deployment.roles.join(', ')],
        ]}
      />
      <Text as="h2" weight="semibold" className={styles.section}>
        Load-balanced sets
      </Text>
      <DataTable
        label="Load-balanced sets"
        rows={[...sets.values()]}
        rowKey={({ set }) => set}
        filterable={sets.size > 10}
        columns={[
          { name: 'Set', text: ({ set }) => set },
          { name: 'Endpoint', text: ({ protocol, vip, port }) => `${protocol.toUpperCase()} ${vip}:${port}` },
          { name: 'Local port', text: ({ localPort }) => localPort },
          { name: 'Distribution', text: distributionOf },
          { name: 'Idle timeout (minutes)', text: ({ idleTimeout }) => idleTimeout || '4' },
          { name: 'Probe', text: probeOf },
          {
            name: 'Roles',
            text: ({ set }) =>
              deployment.endpoints
                .filter((one) => one.set === set)
                .map(({ role }) => role)
                .join(', '),
          },
          {
            name: 'Actions',
            text: () => '',
            show: ({ set }) => (
              <Button size="small" onClick={() => panel.open(set)} aria-label={`Edit set ${set}`}>
                Edit set
              </Button>
            ),
          },
        ]}
        empty={
          <Empty title="No load-balanced sets">Endpoints of several roles with one set name share its traffic.</Empty>
        }
      />
      {editing && <SetForm key={editing.set} place={place} endpoint={editing} onClose={panel.close} />}
      <Text as="h2" weight="semibold" className={styles.section}>
        Endpoints
      </Text>
      <DataTable
        label="Endpoints"
        rows={deployment.endpoints}
        rowKey={({ role, name }) => `${role}/${name}`}
        filterable={deployment.endpoints.length > 10}
        columns={[
          { name: 'Role', text: ({ role }) => role },
          { name: 'Name', text: ({ name }) => name },
          { name: 'Set', text: ({ set }) => set || '-' },
          { name: 'Endpoint', text: ({ protocol, vip, port }) => `${protocol.toUpperCase()} ${vip}:${port}` },
          { name: 'Local port', text: ({ localPort }) => localPort },
          { name: 'Distribution', text: distributionOf },
          { name: 'Probe', text: probeOf },
          { name: 'ACL', text: ({ acl }) => acl.join('; ') || '-' },
        ]}
        empty={<Empty title="No endpoints" />}
      />
      <Text as="h2" weight="semibold" className={styles.section}>
        Instances
      </Text>
      <DataTable
        label="Instances"
        rows={deployment.instances}
        rowKey={({ name }) => name}
        filterable={deployment.instances.length > 10}
        columns={[
          { name: 'Instance', text: ({ name }) => name },
          { name: 'Role', text: ({ role }) => role },
          { name: 'Status', text: ({ status }) => status },
          { name: 'IP address', text: ({ address }) => address },
        ]}
        empty={<Empty title="No instances" />}
      />
    </>
  );
}

function Service({ subscriptionId, name }: { subscriptionId: string; name: string }) {
  const query = useClassicDeployments({ subscriptionId, name });
  return (
    <Page
      title={name}
      kind="Cloud service (classic)"
      crumbs={[
        { text: 'Home', href: '/' },
        { text: 'Cloud services (classic)', href: '/cloud-services' },
      ]}
    >
      <Loaded query={query}>
        {(deployments) =>
          deployments.length === 0 ? (
            <Empty title="No deployments">The service has a name, but nothing is deployed in it.</Empty>
          ) : (
            deployments.map((deployment) => (
              <Deployment
                key={deployment.name}
                place={{ subscriptionId, service: name, deployment: deployment.name }}
                deployment={deployment}
              />
            ))
          )
        }
      </Loaded>
    </Page>
  );
}

export default function CloudServices() {
  const [path] = useLocation();
  const [, subscriptionId, name] = /^\/cloud-services\/([^/]+)\/([^/]+)/.exec(path) ?? [];
  const query = useClassicServices();
  if (subscriptionId && name) return <Service subscriptionId={subscriptionId} name={decodeURIComponent(name)} />;
  return (
    <Page title="Cloud services (classic)" crumbs={[{ text: 'Home', href: '/' }]}>
      <Loaded query={query}>
        {(rows) => (
          <DataTable
            label="Cloud services"
            rows={rows}
            rowKey={(one) => `${one.subscriptionId}/${one.name}`}
            columns={[
              {
                name: 'Name',
                text: (one) => one.name,
                show: (one) => (
                  <PageLink href={`/cloud-services/${one.subscriptionId}/${one.name}`}>{one.name}</PageLink>
                ),
              },
              { name: 'Location', text: ({ location }) => location },
              { name: 'Subscription ID', text: (one) => one.subscriptionId },
            ]}
            empty={
              <Empty title="No cloud services to display">
                Classic services are made through the Service Management API, for example with New-AzureService.
              </Empty>
            }
          />
        )}
      </Loaded>
    </Page>
  );
}
