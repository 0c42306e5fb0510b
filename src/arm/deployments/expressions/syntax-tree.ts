/** The shape of a parsed expression. */

export interface LiteralNode {
  readonly kind: 'literal';
  readonly value: string | number;
  readonly offset: number;
}

export interface CallNode {
  readonly kind: 'call';
  /** Set for functions that the template defines itself. */
  readonly namespace: string | undefined;
  readonly name: string;
  readonly args: readonly ExpressionNode[];
  readonly offset: number;
}

export interface AccessNode {
  readonly kind: 'access';
  readonly target: ExpressionNode;
  readonly key: ExpressionNode;
  /** `.?name` and `[?index]`: null instead of an error when there is no such member. */
  readonly safe: boolean;
  readonly offset: number;
}

export type ExpressionNode = LiteralNode | CallNode | AccessNode;

/** Every node of `root`, the root first. */
export function* nodesOf(root: ExpressionNode): Generator<ExpressionNode> {
  yield root;
  if (root.kind === 'call') for (const argument of root.args) yield* nodesOf(argument);
  if (root.kind === 'access') {
    yield* nodesOf(root.target);
    yield* nodesOf(root.key);
  }
}

/** The expression as text, such that parsing it gives the same tree. */
export function printNode(node: ExpressionNode): string {
  if (node.kind === 'literal') {
    return typeof node.value === 'number' ? String(node.value) : `'${node.value.replaceAll("'", "''")}'`;
  }
  if (node.kind === 'access') return `${printNode(node.target)}[${node.safe ? '?' : ''}${printNode(node.key)}]`;
  const name = node.namespace === undefined ? node.name : `${node.namespace}.${node.name}`;
  return `${name}(${node.args.map(printNode).join(', ')})`;
}
