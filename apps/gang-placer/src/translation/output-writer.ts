import { type PodCliqueSet, podCliqueKind, podCliqueSetKind } from '@penstock/contracts';
import { type Cluster, ClusterError, type ClusterObject, type ResourceKind } from '@penstock/core/ports';
import { NotLeadingError } from '../controllers/fenced-writer.js';
import type { LeaderTerm } from '../leader/leader-part.js';
import { names } from '../workload/names.js';
import { stableHash } from '../workload/stable-hash.js';
import { contains } from './outputs/contains.js';
import { OUTPUT_KINDS } from './outputs/output-kinds.js';
import {
  TRANSLATED_FROM_LABEL,
  TRANSLATION_HASH_ANNOTATION,
  translatedFrom,
} from './outputs/output-labels.js';
import type { Refusal } from './source-findings.js';
import type { OutputObject } from './translation.js';
import type { Translator } from './translator.js';

/** Makes the objects of one source be exactly what its translation says; every write may be repeated without harm. */
export class OutputWriter {
  constructor(
    private readonly cluster: Cluster,
    private readonly term: Pick<LeaderTerm, 'isHeld'>,
    private readonly translator: Translator,
    private readonly source: ClusterObject,
  ) {}

  /**
   * Applies the objects, first made first, and deletes those of an earlier translation. Writes nothing when a name is in
   * use; returns what is in the way, if anything.
   */
  async write(outputs: readonly OutputObject[]): Promise<Refusal | undefined> {
    try {
      const existing = await Promise.all(outputs.map(({ kind, object }) => this.find(kind, object)));
      const taken = existing.flatMap((object) => (object && !this.isOurs(object) ? [object] : []));
      if (taken.length > 0) return nameTaken(taken);
      for (const [i, { kind, object }] of outputs.entries()) {
        const before = existing[i];
        if (before && kind === podCliqueSetKind)
          await this.rescale(before as PodCliqueSet, object as PodCliqueSet);
        await this.apply(kind, object, before);
      }
      await this.prune(outputs);
      return undefined;
    } catch (error) {
      const refusal = refusalOf(error);
      if (!refusal) throw error;
      return refusal;
    }
  }

  private find(
    kind: ResourceKind,
    { metadata: { namespace, name } }: ClusterObject,
  ): Promise<ClusterObject | undefined> {
    return this.cluster.get(kind, namespace, name);
  }

  private isOurs({ metadata }: ClusterObject): boolean {
    const { uid } = this.source.metadata;
    const isOwned = metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.controller) ?? false;
    // Another operator of the same kind owns what it makes by the same reference.
    return isOwned && metadata.labels?.[TRANSLATED_FROM_LABEL] !== undefined;
  }

  /** Without force where nothing is yet: an object that appears meanwhile keeps its fields. */
  private async apply(
    kind: ResourceKind,
    object: ClusterObject,
    before: ClusterObject | undefined,
  ): Promise<void> {
    const wanted = this.owned(object);
    const hash = stableHash(wanted);
    const applied = before?.metadata.annotations?.[TRANSLATION_HASH_ANNOTATION];
    if (applied === hash && contains(before, wanted)) return;
    const annotations = { ...wanted.metadata.annotations, [TRANSLATION_HASH_ANNOTATION]: hash };
    const life = before ? { uid: before.metadata.uid } : {};
    this.requireTerm();
    const metadata = { ...wanted.metadata, ...life, annotations };
    await this.cluster.apply(kind, { ...wanted, metadata }, { force: before !== undefined });
  }

  private owned(object: ClusterObject): ClusterObject {
    const { apiVersion, kind, metadata } = this.source;
    const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '' };
    return {
      ...object,
      metadata: {
        ...object.metadata,
        labels: { ...object.metadata.labels, [TRANSLATED_FROM_LABEL]: this.label() },
        ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
      },
    };
  }

  /**
   * Replicas of a clique that exists belong to whoever scales it; when the source asks for another number than it did,
   * its author does. Before the set is applied, so that a crash in between only repeats it.
   */
  private async rescale(before: PodCliqueSet, after: PodCliqueSet): Promise<void> {
    const { namespace = '', name } = after.metadata;
    for (const clique of after.spec.template.cliques) {
      const old = before.spec.template.cliques.find((c) => c.name === clique.name);
      const replicas = clique.spec.replicas ?? 1;
      if (!old || (old.spec.replicas ?? 1) === replicas) continue;
      for (let replica = 0; replica < (after.spec.replicas ?? 0); replica++) {
        this.requireTerm();
        const target = names.clique(name, replica, clique.name);
        await ignoring(
          'not-found',
          this.cluster.writeScale(podCliqueKind as ResourceKind, namespace, target, replicas),
        );
      }
    }
  }

  private async prune(outputs: readonly OutputObject[]): Promise<void> {
    const labelSelector = `${TRANSLATED_FROM_LABEL}=${this.label()}`;
    const { namespace } = this.source.metadata;
    for (const kind of OUTPUT_KINDS) {
      const wanted = new Set(
        outputs.flatMap((output) => (output.kind === kind ? [output.object.metadata.name] : [])),
      );
      for (const object of await this.cluster.list(kind, { namespace, labelSelector })) {
        const { name, uid } = object.metadata;
        if (wanted.has(name) || !this.isOurs(object)) continue;
        this.requireTerm();
        await ignoring('not-found', this.cluster.delete(kind, namespace, name, { uid }));
      }
    }
  }

  private label(): string {
    return translatedFrom(this.translator.label, this.source.metadata.name);
  }

  private requireTerm(): void {
    if (!this.term.isHeld()) throw new NotLeadingError();
  }
}

function nameTaken(objects: readonly ClusterObject[]): Refusal {
  const names = objects
    .map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)
    .join(', ');
  return {
    reason: 'NameTaken',
    message: `${names} exists and was not made from this object: delete or rename it, or give this object another name`,
  };
}

/** What only a person can change; everything else is tried again. */
function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof ClusterError)) return undefined;
  if (error.reason === 'invalid') {
    const message = `the API refused an object of the translation: ${error.message}. What cannot be changed in place needs this object deleted and created again`;
    return { reason: 'Rejected', message };
  }
  if (error.reason === 'not-found') {
    const message = `the API does not serve a kind that is needed: ${error.message}. Install the definitions of deploy/crds`;
    return { reason: 'KindMissing', message };
  }
  return undefined;
}

async function ignoring(reason: ClusterError['reason'], write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!(error instanceof ClusterError && error.reason === reason)) throw error;
  }
}
