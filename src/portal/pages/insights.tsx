/** Insights: frontends, rules, pools and members as a picture, coloured by health, with each edge's live share of flows. */
import '@xyflow/react/dist/style.css';
import { makeStyles, Text, tokens } from '@fluentui/react-components';
import { type Edge, type Node, Position, ReactFlow, useNodesState } from '@xyflow/react';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { type LoadBalancer, nameOf, sameId } from '../azure/arm.js';
import type { BackendView, FlowView } from '../azure/emulator.js';
import { backendsOfRule, countOf, type HealthWord, wordFor } from '../azure/health.js';
import { useBackends, useFlows } from '../azure/queries.js';
import { Empty } from '../ui/page.js';
import { HealthIcon, HealthWordLine } from '../ui/parts.js';

const colors: Readonly<Record<HealthWord, string>> = {
  Healthy: tokens.colorPaletteGreenBorderActive,
  Degraded: tokens.colorPaletteDarkOrangeBorderActive,
  Unhealthy: tokens.colorPaletteRedBorderActive,
  Unknown: tokens.colorNeutralStroke1,
};

const useStyles = makeStyles({
  picture: {
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground2,
    // Nobody connects nodes here.
    '& .react-flow__handle': { opacity: 0 },
  },
  // Two lines; the whole text is in the title.
  node: { display: 'flex', alignItems: 'center', justifyContent: 'center', gap: tokens.spacingHorizontalXS },
  icon: { display: 'inline-flex', flexShrink: 0 },
  label: { display: '-webkit-box', overflow: 'hidden', '-webkit-line-clamp': '2', '-webkit-box-orient': 'vertical' },
  legend: {
    display: 'flex',
    gap: tokens.spacingHorizontalL,
    flexWrap: 'wrap',
    padding: `${tokens.spacingVerticalS} 0`,
  },
});

/** More members of a pool than this are shown in groups of one state. */
const membersApart = 24;
const rowHeight = 72;
const margin = 16;
const widestNode = 220;

interface Picture {
  readonly height: number;
  readonly nodes: Node[];
  readonly edges: Edge[];
}

interface Drawn {
  readonly id: string;
  readonly text: string;
  readonly word: HealthWord;
  readonly column: number;
}

/** The picture as data: pure, so that it is drawn anew only when health or flows change. */
function pictureOf(
  lb: LoadBalancer,
  {
    backends,
    flows,
    width,
    classes,
  }: {
    backends: readonly BackendView[];
    flows: readonly FlowView[];
    width: number;
    classes: Readonly<Record<'node' | 'icon' | 'label', string>>;
  },
): Picture {
  const drawn = new Map<string, Drawn>();
  const edges = new Map<string, Edge>();
  const add = (node: Drawn): void => {
    if (!drawn.has(node.id)) drawn.set(node.id, node);
  };
  const carried = new Map<string, number>();
  /** An edge with its share of all flows; several rules may share one. */
  const connect = (source: string, target: string, count: number): void => {
    const id = `${source}>${target}`;
    const total = (carried.get(id) ?? 0) + count;
    carried.set(id, total);
    const share = total / Math.max(1, flows.length);
    edges.set(id, {
      id,
      source,
      target,
      animated: total > 0,
      ...(total > 0 && { label: `${Math.round(share * 100)} %` }),
      style: { strokeWidth: 1 + 5 * share },
      labelStyle: { fill: tokens.colorNeutralForeground1 },
      labelBgStyle: { fill: tokens.colorNeutralBackground2 },
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
    connect(`f/${nameOf(p.frontendIPConfiguration)}`, `r/${rule.name}`, ruleFlows.length);
    const poolName = nameOf(p.backendAddressPool);
    if (poolName === '') continue;
    add({ id: `p/${poolName}`, text: `${poolName} (${ours.length})`, word: wordFor(countOf(ours)), column: 2 });
    connect(`r/${rule.name}`, `p/${poolName}`, ruleFlows.length);
    const flowsTo = (members: readonly BackendView[]): number => {
      const keys = new Set(members.map(({ azureAddress }) => azureAddress));
      return ruleFlows.filter(({ backend }) => keys.has(String(backend))).length;
    };
    if (ours.length <= membersApart) {
      for (const backend of ours) {
        add({
          id: `m/${backend.id}`,
          text: [...new Set([nameOf({ id: backend.id }), backend.azureAddress])].join(' '),
          word: wordFor(countOf([backend])),
          column: 3,
        });
        connect(`p/${poolName}`, `m/${backend.id}`, flowsTo([backend]));
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
      connect(`p/${poolName}`, `m/${poolName}/${state}`, flowsTo(group));
    }
  }
  const columns = [0, 1, 2, 3].map((column) => [...drawn.values()].filter((node) => node.column === column).length);
  const mostRows = Math.max(1, ...columns);
  const nodeWidth = Math.min(widestNode, Math.round((width - 2 * margin) * 0.19));
  const columnWidth = (width - 2 * margin - nodeWidth) / 3;
  const rows = [0, 0, 0, 0];
  const nodes = [...drawn.values()].map(({ id, text, word, column }): Node => {
    const row = rows[column] ?? 0;
    rows[column] = row + 1;
    return {
      id,
      position: {
        x: margin + column * columnWidth,
        y: margin + (row + (mostRows - (columns[column] ?? 0)) / 2) * rowHeight,
      },
      data: {
        label: (
          <span className={classes.node} title={text}>
            {column > 0 && (
              <span className={classes.icon}>
                <HealthIcon word={word} />
              </span>
            )}
            <span className={classes.label}>{text}</span>
          </span>
        ),
      },
      sourcePosition: Position.Right,
      targetPosition: Position.Left,
      ariaLabel: `${text}: ${word}`,
      style: {
        width: nodeWidth,
        padding: '8px 6px',
        borderRadius: 6,
        border: `2px solid ${colors[word]}`,
        background: tokens.colorNeutralBackground1,
        color: tokens.colorNeutralForeground1,
        overflowWrap: 'anywhere',
      },
    };
  });
  const known = new Set(nodes.map(({ id }) => id));
  const height = 2 * margin + mostRows * rowHeight;
  return {
    height,
    nodes,
    edges: [...edges.values()].filter(({ source, target }) => known.has(source) && known.has(target)),
  };
}

export default function Insights({ lb }: { lb: LoadBalancer }) {
  const styles = useStyles();
  const backends = useBackends();
  const flows = useFlows();
  const [width, setWidth] = useState(0);
  const measure = useCallback((box: HTMLDivElement | null) => {
    if (!box) return;
    const observer = new ResizeObserver(() => setWidth(box.clientWidth));
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  const picture = useMemo(() => {
    const prefix = `${lb.id.toLowerCase()}/`;
    const ours = (flows.data ?? []).filter(({ rule }) => String(rule).toLowerCase().startsWith(prefix));
    return pictureOf(lb, { backends: backends.data ?? [], flows: ours, width, classes: styles });
  }, [lb, backends.data, flows.data, width, styles]);
  const [nodes, setNodes, onNodesChange] = useNodesState<Node>([]);
  // A node is hidden until it is measured; one that was drawn before is not measured again when its size stays.
  useEffect(
    () =>
      setNodes((shown) => {
        const known = new Map(shown.map(({ id, measured }) => [id, measured]));
        return picture.nodes.map((node) => {
          const measured = known.get(node.id);
          return measured ? { ...node, measured } : node;
        });
      }),
    [picture.nodes, setNodes],
  );
  if (picture.nodes.length === 0)
    return <Empty title="Nothing to draw yet">Add a frontend and a load balancing rule.</Empty>;
  return (
    <>
      <div className={styles.legend}>
        {(Object.keys(colors) as HealthWord[]).map((word) => (
          <Text key={word} size={200}>
            <HealthWordLine word={word}>{word}</HealthWordLine>
          </Text>
        ))}
      </div>
      <div ref={measure} className={styles.picture} style={{ height: picture.height }}>
        {width > 0 && (
          <ReactFlow
            nodes={nodes}
            onNodesChange={onNodesChange}
            edges={picture.edges}
            nodesDraggable={false}
            nodesConnectable={false}
            edgesFocusable={false}
            panOnDrag={false}
            zoomOnScroll={false}
            zoomOnPinch={false}
            zoomOnDoubleClick={false}
            preventScrolling={false}
            proOptions={{ hideAttribution: true }}
          />
        )}
      </div>
    </>
  );
}
