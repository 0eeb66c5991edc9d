import type {
  MatchExpression,
  NodeSelectorTerm,
  PlacementNode,
  PodShape,
  Taint,
  Toleration,
} from './types.js';

const UNSCHEDULABLE: Taint = { key: 'node.kubernetes.io/unschedulable', value: '', effect: 'NoSchedule' };

/**
 * Why a node takes no pod of this shape however empty it is, in the words of kube-scheduler; undefined when it may.
 * Preferences (`PreferNoSchedule`, preferred affinity) never rule a node out.
 */
export function whyNodeRefuses(node: PlacementNode, shape: PodShape): string | undefined {
  if (node.unschedulable && !tolerates(shape.tolerations, UNSCHEDULABLE)) return 'node(s) were unschedulable';
  const taint = node.taints.find(
    ({ effect, ...rest }) =>
      (effect === 'NoSchedule' || effect === 'NoExecute') &&
      !tolerates(shape.tolerations, { effect, ...rest }),
  );
  if (taint) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
  if (!node.ready) return 'node(s) were not ready';
  const selects = Object.entries(shape.nodeSelector).every(([key, value]) => node.labels[key] === value);
  if (!selects || (shape.affinity && !shape.affinity.some((term) => matchesTerm(node, term))))
    return "node(s) didn't match Pod's node affinity/selector";
  return undefined;
}

function tolerates(tolerations: readonly Toleration[], taint: Taint): boolean {
  return tolerations.some(({ key = '', operator = 'Equal', value = '', effect = '' }) => {
    if (effect !== '' && effect !== taint.effect) return false;
    if (key === '') return operator === 'Exists';
    return key === taint.key && (operator === 'Exists' || value === (taint.value ?? ''));
  });
}

function matchesTerm(node: PlacementNode, { matchExpressions = [], matchFields = [] }: NodeSelectorTerm) {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    matchExpressions.every((expression) => matches(node.labels[expression.key], expression)) &&
    matchFields.every((field) => field.key === 'metadata.name' && matches(node.name, field))
  );
}

function matches(value: string | undefined, { operator, values = [] }: MatchExpression): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt': {
      const [left, right] = [wholeNumber(value), wholeNumber(values[0])];
      return left !== undefined && right !== undefined && (operator === 'Gt' ? left > right : left < right);
    }
    default:
      return false;
  }
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined;
}
