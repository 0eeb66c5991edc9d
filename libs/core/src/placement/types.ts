/** Amounts of resources in whole units: millicores of `cpu`, bytes of `memory`, pieces of anything else. */
export type ResourceAmounts = Readonly<Record<string, number>>;

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

export interface Toleration {
  /** Empty with operator Exists: every taint. */
  readonly key?: string;
  /** Default Equal. */
  readonly operator?: string;
  readonly value?: string;
  /** Empty: every effect. */
  readonly effect?: string;
}

export interface MatchExpression {
  readonly key: string;
  /** In, NotIn, Exists, DoesNotExist, Gt or Lt. */
  readonly operator: string;
  readonly values?: readonly string[];
}

/** All expressions must match; without any, nothing does. */
export interface NodeSelectorTerm {
  readonly matchExpressions?: readonly MatchExpression[];
  /** `metadata.name` is the only field there is. */
  readonly matchFields?: readonly MatchExpression[];
}

/** A node as placement sees it. */
export interface PlacementNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** Cordoned. */
  readonly unschedulable: boolean;
  readonly ready: boolean;
  readonly allocatable: ResourceAmounts;
}

/** What a pod on a node, or promised to it, takes away. */
export interface PlacementLoad {
  readonly node: string;
  readonly requests: ResourceAmounts;
}

/** Everything about a pod that decides where it may run. */
export interface PodShape {
  readonly requests: ResourceAmounts;
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** One of these must match; absent = no rule. */
  readonly affinity?: readonly NodeSelectorTerm[];
  readonly tolerations: readonly Toleration[];
}

export interface GangPod {
  readonly name: string;
  readonly shape: PodShape;
}

/** A pod of the gang that has its node already. */
export interface BoundPod {
  readonly name: string;
  readonly node: string;
  readonly requests: ResourceAmounts;
}

export interface GangGroup {
  readonly name: string;
  /** Fewest pods of the group that must run, those bound already among them. */
  readonly minReplicas: number;
  /** Pods without a node, most important first. */
  readonly pods: readonly GangPod[];
  readonly bound: readonly BoundPod[];
}

/** All pods of the groups must be in one domain: on nodes with the same value of the label `key`. */
export interface TopologyConstraint {
  readonly key: string;
  /** Names of groups. */
  readonly groups: readonly string[];
  /** A soft constraint is kept when the gang fits with it. */
  readonly required: boolean;
}

export interface GangRequest {
  readonly groups: readonly GangGroup[];
  /** Broadest first. */
  readonly topology: readonly TopologyConstraint[];
}

export interface PlaceOptions {
  /** Breaks ties between equal domains and nodes. */
  readonly seed: number;
  /** Most steps of the search before the gang is refused as undecided. */
  readonly maxSearchSteps: number;
}

export interface Assignment {
  readonly group: string;
  readonly pod: string;
  readonly node: string;
}

/** The domain that was chosen for a constraint. */
export interface ChosenDomain {
  readonly key: string;
  readonly value: string;
  readonly groups: readonly string[];
}

export interface Placement {
  readonly assignments: readonly Assignment[];
  readonly domains: readonly ChosenDomain[];
  /** 0 to 1: fewest nodes that could do / nodes used, halved when a soft constraint is not kept. */
  readonly score: number;
  /** Pods beyond the minimum that do not fit now, by name. */
  readonly left: readonly string[];
  readonly searchSteps: number;
}

export interface NodeReason {
  /** In the words of kube-scheduler: `Insufficient nvidia.com/gpu`. */
  readonly reason: string;
  readonly nodes: number;
}

export interface DomainFit {
  /** Value of the node label; empty for the whole cluster. */
  readonly domain: string;
  readonly nodes: number;
  /** Most pods of the minimum that were packed into it. */
  readonly fittingPods: number;
  /** With those in place, what rules out most of its nodes for the next pod. */
  readonly limiting: string;
  /** The search was given up here: the gang might fit. */
  readonly undecided: boolean;
}

export interface Refusal {
  /** One sentence for people, in the style of kube-scheduler. */
  readonly message: string;
  /** Pods of the minimum that need a node. */
  readonly neededPods: number;
  /** Over all nodes, for the pod that does not fit. */
  readonly reasons: readonly NodeReason[];
  /** Node label of the domains; empty without a constraint. */
  readonly topologyKey: string;
  /** Best first, at most 64. */
  readonly domains: readonly DomainFit[];
  readonly totalDomains: number;
  readonly totalNodes: number;
  /** The search was given up somewhere: no proof that the gang does not fit. */
  readonly undecided: boolean;
  readonly searchSteps: number;
}

export type PlacementOutcome =
  | { readonly placed: true; readonly placement: Placement }
  | { readonly placed: false; readonly refusal: Refusal };
