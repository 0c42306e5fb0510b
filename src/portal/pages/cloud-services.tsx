/** Cloud services (classic): services, deployments, roles, endpoints, load-balanced sets; editing a set sends UpdateLbSet. */
import { Button, Dropdown, Field, Input, makeStyles, Option, Spinner, Text, tokens } from '@fluentui/react-components';
import { useState } from 'react';
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
import { queryClient } from '../azure/queries.js';
import { DataTable } from '../ui/data-table.js';
import { Empty, ErrorBar, Loaded, Page } from '../ui/page.js';
import { PageLink, Properties } from '../ui/parts.js';
import { RequestPreview } from '../ui/request-preview.js';

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

function SetForm({ place, endpoint, onClose }: { place: Place; endpoint: ClassicEndpoint; onClose: () => void }) {
  const styles = useStyles();
  const [change, setChange] = useState<SetChange>({
    distribution: distributionOf(endpoint),
    idleTimeout: endpoint.idleTimeout,
    probe: endpoint.probe,
  });
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const request = updateLbSet(place, endpoint, change);
  const chosen =
    distributions.find(({ value }) => value.toLowerCase() === change.distribution.toLowerCase()) ?? distributions[0];
  return (
    <form
      className={styles.form}
      onSubmit={async (event) => {
        event.preventDefault();
        setBusy(true);
        setError(undefined);
        try {
          await writeClassic(place.subscriptionId, request);
          await queryClient.invalidateQueries({ queryKey: ['classic'] });
          onClose();
        } catch (failure) {
          setError(failure);
        } finally {
          setBusy(false);
        }
      }}
    >
      <Text as="h2" weight="semibold">
        Edit load-balanced set {endpoint.set}
      </Text>
      {error !== undefined && <ErrorBar error={error} />}
      <Field label="Distribution">
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
      <Field label="Idle timeout (minutes)">
        <Input value={change.idleTimeout} onChange={(_, { value }) => setChange({ ...change, idleTimeout: value })} />
      </Field>
      {change.probe && (
        <>
          <Field label="Probe port">
            <Input
              value={change.probe.port}
              onChange={(_, { value }) =>
                change.probe && setChange({ ...change, probe: { ...change.probe, port: value } })
              }
            />
          </Field>
          {change.probe.protocol.toLowerCase() === 'http' && (
            <Field label="Probe path">
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
        <Button onClick={onClose}>Cancel</Button>
        {busy && <Spinner size="tiny" label="Updating…" style={{ display: 'inline-flex', marginInlineStart: 12 }} />}
      </div>
      <RequestPreview
        ways={{
          request,
          az: `# PowerShell\nSet-AzureLoadBalancedEndpoint -ServiceName ${place.service} -LBSetName ${endpoint.set} -Protocol ${endpoint.protocol} -LocalPort ${endpoint.localPort} -LoadBalancerDistribution ${change.distribution}`,
        }}
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
  const [editing, setEditing] = useState<ClassicEndpoint>();
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
        Endpoints and load-balanced sets
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
          { name: 'Probe', text: ({ probe }) => (probe ? `${probe.protocol} ${probe.port} ${probe.path}` : '-') },
          { name: 'ACL', text: ({ acl }) => acl.join('; ') || '-' },
          {
            name: 'Actions',
            text: () => '',
            show: (endpoint) =>
              endpoint.set === '' ? null : (
                <Button
                  size="small"
                  onClick={() => setEditing(endpoint)}
                  aria-label={`Edit set ${endpoint.set} of ${endpoint.role}`}
                >
                  Edit set
                </Button>
              ),
          },
        ]}
        empty={<Empty title="No endpoints" />}
      />
      {editing && <SetForm key={editing.set} place={place} endpoint={editing} onClose={() => setEditing(undefined)} />}
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
