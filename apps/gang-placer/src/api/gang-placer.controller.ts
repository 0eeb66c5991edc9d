import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { gangplacerV1 } from '@penstock/contracts';
import { parseRequest, ServiceError } from '@penstock/platform';
import { explainGang, type GangExplanation } from '../application/explain-gang.js';
import { listGangs } from '../application/list-gangs.js';
import type { PlacerParts } from '../assemble-placer.js';
import { PLACER } from '../injection-tokens.js';
import { phaseOf } from '../placement/gang-state.js';
import type { GangSummary } from '../placement/gang-summary.js';
import { explainRequest, listGangsRequest } from './requests.js';

const SERVICE = 'GangPlacerService';

/** `penstock.gangplacer.v1`: reads memory only, on every replica, whatever else is away. */
@Controller()
export class GangPlacerController {
  constructor(@Inject(PLACER) private readonly parts: PlacerParts) {}

  @GrpcMethod(SERVICE, 'Explain')
  explain(request: unknown): gangplacerV1.ExplainResponse {
    const { namespace, gang } = parseRequest(explainRequest, request);
    const { placement, clock, config } = this.parts;
    const found = explainGang(placement, `${namespace}/${gang}`, config.maxSearchSteps, clock.nowMs());
    if (!found) {
      const howToFix = 'ListGangs names the gangs that are known';
      throw new ServiceError('not-found', `there is no PodGang "${namespace}/${gang}"`, 'gang', howToFix);
    }
    const { summary, refusal } = found;
    return {
      gang: gangMessage(summary),
      decision: decisionMessage(found),
      domains: refusal?.domains.map(({ undecided: _, ...domain }) => domain) ?? [],
      totalDomains: refusal?.totalDomains ?? 0,
      totalNodes: refusal?.totalNodes ?? 0,
      nodeReasons: refusal?.reasons.map((reason) => ({ ...reason })) ?? [],
      ...this.source(),
    };
  }

  @GrpcMethod(SERVICE, 'ListGangs')
  listGangs(request: unknown): gangplacerV1.ListGangsResponse {
    const { placement, clock } = this.parts;
    const { gangs, total } = listGangs(placement, parseRequest(listGangsRequest, request), clock.nowMs());
    return { gangs: gangs.map(gangMessage), total, ...this.source() };
  }

  /** Where an answer comes from. */
  private source(): { dataAgeMs: string; leading: boolean } {
    const { placement, leader } = this.parts;
    return { dataAgeMs: String(Math.round(placement.view.ageMs())), leading: leader.isLeading };
  }
}

function gangMessage({ waitingMs, ...summary }: GangSummary): gangplacerV1.Gang {
  return { ...summary, waitingMs: String(Math.round(waitingMs)) };
}

function decisionMessage({ placement, bound }: GangExplanation): gangplacerV1.Decision | undefined {
  if (!placement) return undefined;
  const { attempt, seed, topology, score, assignments, decidedAt, decidedBy } = placement.spec;
  return {
    ...{ attempt: String(attempt), seed: String(seed), phase: phaseOf(placement) ?? '', decidedAt, score },
    ...{ decidedBy: decidedBy.replica, leaseTransitions: String(decidedBy.leaseTransitions) },
    ...{ domainKey: topology?.key ?? '', domain: topology?.domain ?? '' },
    assignments: assignments.map(({ pod, uid, node }) => ({ pod, podUid: uid, node, bound: bound.has(uid) })),
  };
}
