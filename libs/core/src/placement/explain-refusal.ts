import type { DomainAttempt, DomainSearch, DomainSearchContext } from './choose-domains.js';
import type { ClusterSnapshot } from './cluster-snapshot.js';
import { isHostPort } from './host-port.js';
import { type GreedyOptions, packGreedily, undoPacking } from './pack-greedily.js';
import type { PackingItem } from './packing-task.js';
import type { PodClass } from './pod-class.js';
import type { DomainFit, GangRequest, NodeReason, Refusal } from './types.js';

const MAX_DOMAINS = 64;

/** Turns a search that found nothing into counts and one sentence. Call it while the snapshot is as it was before. */
export function explainRefusal(
  { snapshot, gang, greedy }: DomainSearchContext,
  items: readonly PackingItem[],
  { result, attempts }: DomainSearch,
  searchSteps: number,
): Refusal {
  const topologyKey = gang.topology.find(({ required }) => required)?.key ?? '';
  const neededPods = items.reduce((sum, { count }) => sum + count, 0);
  const short = result.short ?? items[0];
  const keys = gang.topology.filter((c) => c.required && short && c.groups.includes(groupOf(gang, short)));
  const all = snapshot.nodes.map((_, node) => node);
  const whole = short
    ? reasonsOf(
        snapshot,
        short.podClass,
        all,
        keys.map(({ key }) => key),
      )
    : { reasons: [], available: 0 };
  const domains = [...attempts]
    .sort((a, b) => b.result.fittingPods - a.result.fittingPods || (a.domain < b.domain ? -1 : 1))
    .slice(0, MAX_DOMAINS)
    .map((attempt) => fitOfDomain(snapshot, greedy, attempt));
  const undecided = result.undecided;
  return {
    message: sentence(
      snapshot.nodes.length,
      whole,
      domains[0],
      topologyKey,
      neededPods,
      undecided,
      searchSteps,
    ),
    ...{ neededPods, reasons: whole.reasons, topologyKey, domains },
    ...{ totalDomains: attempts.length, totalNodes: snapshot.nodes.length, undecided, searchSteps },
  };
}

interface Reasons {
  readonly reasons: readonly NodeReason[];
  /** Nodes with room for one such pod. */
  readonly available: number;
}

/** Why nodes do not take one more pod of a class: one rule each, or every resource that is short. */
function reasonsOf(
  snapshot: ClusterSnapshot,
  { eligibility, resources }: PodClass,
  nodes: readonly number[],
  requiredLabels: readonly string[],
): Reasons {
  const counts = new Map<string, number>();
  let available = 0;
  const count = (reason: string) => counts.set(reason, (counts.get(reason) ?? 0) + 1);
  for (const node of nodes) {
    const label = requiredLabels.find((key) => snapshot.nodes[node]?.labels[key] === undefined);
    const rule = eligibility.reasons[node] ?? (label && `node(s) had no topology label ${label}`);
    const lacking = resources.filter(({ free, amount }) => (free[node] as number) < amount);
    if (rule) count(rule);
    else if (lacking.length === 0) available++;
    else for (const { name } of lacking) count(insufficient(name));
  }
  const reasons = [...counts]
    .map(([reason, number]) => ({ reason, nodes: number }))
    .sort((a, b) => b.nodes - a.nodes || (a.reason < b.reason ? -1 : 1));
  return { reasons, available };
}

function fitOfDomain(
  snapshot: ClusterSnapshot,
  greedy: GreedyOptions,
  { domain, nodes, items, result }: DomainAttempt,
): DomainFit {
  const { fittingPods, undecided } = result;
  const attempt = packGreedily(items, greedy);
  const short = attempt.short ?? result.short;
  const limiting = short ? (reasonsOf(snapshot, short.podClass, nodes, []).reasons[0]?.reason ?? '') : '';
  undoPacking(attempt.packed);
  return { domain, nodes: nodes.length, fittingPods, limiting, undecided };
}

function insufficient(resource: string): string {
  if (resource === 'pods') return 'Too many pods';
  if (isHostPort(resource)) return "node(s) didn't have free ports for the requested pod ports";
  return `Insufficient ${resource}`;
}

function groupOf(gang: GangRequest, { podClass }: PackingItem): string {
  return gang.groups[podClass.group]?.name ?? '';
}

function sentence(
  totalNodes: number,
  { reasons, available }: Reasons,
  best: DomainFit | undefined,
  topologyKey: string,
  neededPods: number,
  undecided: boolean,
  searchSteps: number,
): string {
  if (totalNodes === 0) return 'no nodes available to schedule pods';
  const counts = reasons.map(({ reason, nodes }) => `${nodes} ${reason}`).join(', ');
  const parts = [`${available}/${totalNodes} nodes are available${counts && `: ${counts}`}`];
  const where = topologyKey === '' ? 'the cluster' : `best domain ${topologyKey}=${best?.domain}`;
  // Where single pods have room, only what stops the next one says why the gang as a whole has none.
  const isSaid = !best?.limiting || reasons.some(({ reason }) => reason === best.limiting);
  const then = isSaid ? '' : `, then ${best.limiting}`;
  if (best) parts.push(`${where} fits ${best.fittingPods} of ${neededPods} pods${then}`);
  else if (topologyKey !== '') parts.push(`no node that the gang may use has the label ${topologyKey}`);
  if (undecided) parts.push(`given up after ${searchSteps} steps: it might fit`);
  return parts.join('; ');
}
