import {
  type Condition,
  type PodCliqueSet,
  type PodGang,
  podCliqueSetKind,
  podGangKind,
} from '@penstock/contracts';
import type { Clock, Cluster, ClusterObject, ResourceKind } from '@penstock/core/ports';
import { FencedWriter } from '../controllers/fenced-writer.js';
import type { LeaderTerm } from '../leader/leader-part.js';
import { names } from '../workload/names.js';
import { type Finding, setCondition } from '../workload/set-condition.js';
import { OutputWriter } from './output-writer.js';
import { acceptedFindings, dynamoState, invalidFindings, readyFinding } from './source-findings.js';
import type { TranslationSettings } from './translation.js';
import type { Translator } from './translator.js';

type Source = ClusterObject & { status?: { conditions?: Condition[] } };

/** What is in the way may go away by itself; nothing tells when. */
const REFUSED_RETRY_MS = 15_000;

export interface SourceControllerOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly term: LeaderTerm;
  readonly settings: TranslationSettings;
}

/** Brings what a source becomes into the cluster, and says on the source how that went. */
export class SourceController {
  private readonly writer: FencedWriter;

  constructor(
    private readonly translator: Translator,
    private readonly options: SourceControllerOptions,
  ) {
    this.writer = new FencedWriter(options.cluster, options.term);
  }

  /** @returns when to look again, if something outside must change first */
  async reconcile(source: Source): Promise<{ againInMs: number } | undefined> {
    if (source.metadata.deletionTimestamp) return undefined;
    const { cluster, term, settings } = this.options;
    const result = this.translator.translate(source, settings);
    if ('problems' in result) {
      await this.say(source, [...invalidFindings(result.problems), await this.readiness(source)]);
      return undefined;
    }
    const { objects, notActedUpon } = result;
    const refusal = await new OutputWriter(cluster, term, this.translator, source).write(objects);
    const findings = acceptedFindings(objects, notActedUpon, refusal);
    await this.say(source, [...findings, await this.readiness(source)]);
    return refusal ? { againInMs: REFUSED_RETRY_MS } : undefined;
  }

  private async readiness(source: Source): Promise<Finding> {
    const set = await this.setOf(source);
    if (!set) return readyFinding(undefined, undefined);
    const { namespace, name } = source.metadata;
    const gang = await this.options.cluster.get(
      podGangKind as ResourceKind,
      namespace,
      names.replica(name, 0),
    );
    return readyFinding(set, gang as PodGang | undefined);
  }

  /** The set that was made from the source, which has its name. */
  private async setOf({ metadata: { namespace, name, uid } }: Source): Promise<PodCliqueSet | undefined> {
    const kind = podCliqueSetKind as ResourceKind<PodCliqueSet & ClusterObject>;
    const set = await this.options.cluster.get(kind, namespace, name);
    return set?.metadata.ownerReferences?.some((owner) => owner.uid === uid) ? set : undefined;
  }

  /** Writes the status, and tells as an event what newly keeps the source from being acted upon. */
  private async say(source: Source, findings: readonly Finding[]): Promise<void> {
    const { kind } = this.translator;
    const { generation } = source.metadata;
    const before = source.status?.conditions ?? [];
    const nowMs = this.options.clock.nowMs();
    const conditions = findings.reduce(
      (all, finding) => setCondition(all, finding, generation, nowMs),
      [...before],
    );
    const state = kind.kind === 'DynamoGraphDeployment' ? { state: dynamoState(conditions) } : {};
    const status = { ...source.status, observedGeneration: generation, conditions, ...state };
    await this.writer.patchStatus(kind as ResourceKind<Source>, source, status);
    for (const { type, status: value, reason, message } of findings) {
      const isTrouble =
        value === 'False' && (type === 'Accepted' || (type === 'Translated' && reason !== 'Invalid'));
      const isNews = !before.some((old) => old.type === type && old.message === message);
      if (isTrouble && isNews) this.writer.tell({ regarding: source, type: 'Warning', reason, message });
    }
  }
}
