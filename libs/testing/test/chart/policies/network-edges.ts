import { idOf, type RenderedObject } from '../rendered-object.js';
import { selects, type Workload } from './workload.js';

type Labels = Readonly<Record<string, string>>;
interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: 'In';
    readonly values: string[];
  }[];
}
interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: object;
}
interface Rule {
  readonly ports?: readonly { readonly port: number | string }[];
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
}
interface Policy {
  readonly id: string;
  readonly podSelector: Selector;
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}
type Side = 'ingress' | 'egress';

/** What NetworkPolicies of a release let through between its pods, as Kubernetes reads them. */
export class NetworkEdges {
  private readonly policies: readonly Policy[];

  constructor(
    objects: readonly RenderedObject[],
    private readonly workloads: readonly Workload[],
  ) {
    this.policies = objects
      .filter(({ kind }) => kind === 'NetworkPolicy')
      .map((object) => ({ id: idOf(object), ...(object.spec as object) }) as Policy);
  }

  /** `a → b:port` for what gets through, in the order of the workloads. */
  allowed(): string[] {
    return this.pairs()
      .filter(
        ([from, to, port]) => this.lets('egress', from, to, port) && this.lets('ingress', to, from, port),
      )
      .map(([from, to, port]) => `${nameOf(from)} → ${nameOf(to)}:${port.name}`);
  }

  /**
   * One line for each policy about no pod; for each rule that names pods of the release and lets none of them through,
   * as the other end is closed; and for each edge that goes out and is not let in.
   */
  problems(): string[] {
    const problems = this.policies
      .filter(({ podSelector }) => !this.workloads.some(({ labels }) => matches(podSelector, labels)))
      .map(({ id }) => `${id}: is about no pod`);
    for (const policy of this.policies) {
      for (const side of ['ingress', 'egress'] as const) {
        for (const rule of (policy[side] ?? []).filter((each) => isNamed(each, side))) {
          const edges = this.edgesOf(policy, side, rule);
          const open = edges.filter(([from, to, port]) => this.passes(from, to, port));
          if (open.length === 0)
            problems.push(`${policy.id}: ${side} ${JSON.stringify(rule.ports)} lets nobody through`);
          if (side === 'ingress') continue;
          for (const [from, to, port] of edges.filter((edge) => !open.includes(edge))) {
            problems.push(`${policy.id}: ${nameOf(from)} → ${nameOf(to)}:${port.name} is not let in`);
          }
        }
      }
    }
    return problems;
  }

  /** Edges that a rule names. */
  private edgesOf({ podSelector }: Policy, side: Side, rule: Rule): Edge[] {
    return this.pairs().filter(([from, to, port]) => {
      const [self, other] = side === 'ingress' ? [to, from] : [from, to];
      return matches(podSelector, self.labels) && takes(rule, side, other, port);
    });
  }

  private pairs(): Edge[] {
    return this.workloads.flatMap((from) =>
      this.workloads.flatMap((to) => portsOf(to).map((port): Edge => [from, to, port])),
    );
  }

  /** Whether pods of `self` have this side open towards the pods of another; a side that no policy limits is. */
  private lets(side: Side, self: Workload, other: Workload, port: Port): boolean {
    const about = this.about(side, self);
    return (
      about.length === 0 ||
      about.some((policy) => policy[side]?.some((rule) => takes(rule, side, other, port)))
    );
  }

  private passes(from: Workload, to: Workload, port: Port): boolean {
    return this.lets('egress', from, to, port) && this.lets('ingress', to, from, port);
  }

  private about(side: Side, { labels }: Workload): Policy[] {
    const type = side === 'ingress' ? 'Ingress' : 'Egress';
    return this.policies.filter(
      ({ podSelector, policyTypes }) => policyTypes.includes(type) && matches(podSelector, labels),
    );
  }
}

interface Port {
  readonly name: string;
  readonly containerPort: number;
}
type Edge = readonly [from: Workload, to: Workload, port: Port];

const portsOf = ({ pod }: Workload): Port[] => pod.containers.flatMap(({ ports }) => ports ?? []);
const nameOf = ({ object }: Workload) => object.metadata.name.replace(/^penstock-/, '');
const peersOf = (rule: Rule, side: Side) => (side === 'ingress' ? rule.from : rule.to);
/** Whether a rule is about certain pods of the release, and not about just anybody. */
const isNamed = (rule: Rule, side: Side) =>
  peersOf(rule, side)?.every(
    ({ podSelector, namespaceSelector }) => podSelector && !namespaceSelector && !isAll(podSelector),
  ) ?? false;
const isAll = ({ matchLabels = {}, matchExpressions = [] }: Selector) =>
  Object.keys(matchLabels).length + matchExpressions.length === 0;

function takes(rule: Rule, side: Side, other: Workload, { name, containerPort }: Port): boolean {
  if (rule.ports && !rule.ports.some(({ port }) => port === name || port === containerPort)) return false;
  const peers = peersOf(rule, side);
  return !peers || peers.some((peer) => isPeer(peer, other));
}

/** The namespace of the release has no labels that a selector could know. */
const isPeer = ({ podSelector, namespaceSelector, ipBlock }: Peer, { labels }: Workload): boolean =>
  !ipBlock &&
  (!namespaceSelector || isAll(namespaceSelector)) &&
  (!podSelector || matches(podSelector, labels));

const matches = ({ matchLabels = {}, matchExpressions = [] }: Selector = {}, labels: Labels): boolean =>
  selects(matchLabels, labels) &&
  matchExpressions.every(({ key, operator, values }) => {
    if (operator !== 'In') throw new Error(`matchExpressions with ${operator} are not read here`);
    return values.includes(labels[key] ?? '');
  });
