/** Insights: frontends, rules, pools and members as a picture, coloured by health, with each edge's live share of flows. */
import '@xyflow/react/dist/style.css';
import { makeStyles, Text, tokens } from '@fluentui/react-components';
import { type Edge, type Node, Position, ReactFlow } from '@xyflow/react';
import { useMemo } from 'react';
import { type LoadBalancer, nameOf, sameId } from '../azure/arm.js';
import type { BackendView, FlowView } from '../azure/emulator.js';
import { backendsOfRule, countOf, type HealthWord, wordFor } from '../azure/health.js';
import { useBackends, useFlows } from '../azure/queries.js';
import { Empty } from '../ui/page.js';

const colors: Readonly<Record<HealthWord, string>> = {
  Healthy: tokens.colorPaletteGreenBorderActive,
  Degraded: tokens.colorPaletteDarkOrangeBorderActive,
  Unhealthy: tokens.colorPaletteRedBorderActive,
  Unknown: tokens.colorNeutralStroke1,
};

const useStyles = makeStyles({
  picture: {
    height: '68vh',
    minHeight: '420px',
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground2,
  },
  legend: {
    display: 'flex',
    gap: tokens.spacingHorizontalL,
    flexWrap: 'wrap',
    padding: `${tokens.spacingVerticalS} 0`,
  },
  swatch: {
    display: 'inline-block',
    width: '12px',
    height: '12px',
    borderRadius: '3px',
    marginInlineEnd: '6px',
    verticalAlign: '-1px',
  },
});

/** More members of a pool than this are shown in groups of one state. */
const membersApart = 24;
const rowHeight = 64;
const columnWidth = 300;

interface Picture {
  readonly nodes: Node[];
  readonly edges: Edge[];
}

interface Drawn {
  readonly id: string;
  readonly text: string;
  readonly word: HealthWord;
  readonly column: number;
}

const memberKey = ({ address, port }: BackendView): string => `${address}:${port}`;

/** The picture as data: pure, so that it is drawn anew only when health or flows change. */
function pictureOf(lb: LoadBalancer, backends: readonly BackendView[], flows: readonly FlowView[]): Picture {
  const drawn = new Map<string, Drawn>();
  const edges = new Map<string, Edge>();
  const add = (node: Drawn): void => {
    if (!drawn.has(node.id)) drawn.set(node.id, node);
  };
  const connect = (source: string, target: string, share?: number): void => {
    const id = `${source}>${target}`;
    const label = share === undefined ? {} : { label: `${Math.round(share * 100)} %` };
    edges.set(id, {
      id,
      source,
      target,
      animated: (share ?? 0) > 0,
      ...label,
      style: { strokeWidth: 1 + 5 * (share ?? 0) },
    });
  };
  for (const frontend of lb.properties.frontendIPConfigurations) {
    add({ id: `f/${frontend.name}`, text: frontend.name, word: 'Unknown', column: 0 });
  }
  for (const rule of lb.properties.loadBalancingRules) {
    const ruleId = rule.id ?? `${lb.id}/loadBalancingRules/${rule.name}`;
    const ours = backendsOfRule(backends, ruleId);
    const ruleFlows = flows.filter((flow) => sameId(flow.rule, ruleId));
    const p = rule.properties;
    add({
      id: `r/${rule.name}`,
      text: `${rule.name} (${p.protocol.toUpperCase()}/${p.frontendPort})`,
      word: wordFor(countOf(ours)),
      column: 1,
    });
    connect(`f/${nameOf(p.frontendIPConfiguration)}`, `r/${rule.name}`);
    const poolName = nameOf(p.backendAddressPool);
    if (poolName === '') continue;
    add({ id: `p/${poolName}`, text: `${poolName} (${ours.length})`, word: wordFor(countOf(ours)), column: 2 });
    connect(
      `r/${rule.name}`,
      `p/${poolName}`,
      ruleFlows.length === 0 ? undefined : ruleFlows.length / Math.max(1, flows.length),
    );
    const share = (members: readonly BackendView[]): number | undefined => {
      if (ruleFlows.length === 0) return undefined;
      const keys = new Set(members.map(memberKey));
      return ruleFlows.filter(({ backend }) => keys.has(String(backend))).length / ruleFlows.length;
    };
    if (ours.length <= membersApart) {
      for (const backend of ours) {
        add({
          id: `m/${backend.id}`,
          text: `${nameOf({ id: backend.id })} ${backend.azureAddress}`,
          word: wordFor(countOf([backend])),
          column: 3,
        });
        connect(`p/${poolName}`, `m/${backend.id}`, share([backend]));
      }
      continue;
    }
    for (const state of new Set(ours.map((backend) => backend.state))) {
      const group = ours.filter((backend) => backend.state === state);
      add({
        id: `m/${poolName}/${state}`,
        text: `${group.length} members ${state}`,
        word: wordFor(countOf(group)),
        column: 3,
      });
      connect(`p/${poolName}`, `m/${poolName}/${state}`, share(group));
    }
  }
  const rows = [0, 0, 0, 0];
  const nodes = [...drawn.values()].map(({ id, text, word, column }): Node => {
    const row = rows[column] ?? 0;
    rows[column] = row + 1;
    return {
      id,
      position: { x: column * columnWidth, y: row * rowHeight },
      data: { label: text },
      sourcePosition: Position.Right,
      targetPosition: Position.Left,
      ariaLabel: `${text}: ${word}`,
      style: {
        width: 220,
        borderRadius: 6,
        border: `2px solid ${colors[word]}`,
        background: tokens.colorNeutralBackground1,
        color: tokens.colorNeutralForeground1,
        overflowWrap: 'anywhere',
      },
    };
  });
  const known = new Set(nodes.map(({ id }) => id));
  return { nodes, edges: [...edges.values()].filter(({ source, target }) => known.has(source) && known.has(target)) };
}

export default function Insights({ lb }: { lb: LoadBalancer }) {
  const styles = useStyles();
  const backends = useBackends();
  const flows = useFlows();
  const picture = useMemo(() => {
    const prefix = `${lb.id.toLowerCase()}/`;
    const ours = (flows.data ?? []).filter(({ rule }) => String(rule).toLowerCase().startsWith(prefix));
    return pictureOf(lb, backends.data ?? [], ours);
  }, [lb, backends.data, flows.data]);
  if (picture.nodes.length === 0)
    return <Empty title="Nothing to draw yet">Add a frontend and a load balancing rule.</Empty>;
  return (
    <>
      <div className={styles.legend}>
        {(Object.keys(colors) as HealthWord[]).map((word) => (
          <Text key={word} size={200}>
            <span className={styles.swatch} style={{ border: `2px solid ${colors[word]}` }} aria-hidden="true" />
            {word}
          </Text>
        ))}
      </div>
      <div className={styles.picture} data-testid="insights">
        {/* The view is fitted when the picture grows, not at every change of health. */}
        <ReactFlow
          key={picture.nodes.length}
          nodes={picture.nodes}
          edges={picture.edges}
          fitView
          nodesDraggable={false}
          nodesConnectable={false}
          edgesFocusable={false}
          minZoom={0.1}
          proOptions={{ hideAttribution: true }}
        />
      </div>
    </>
  );
}
