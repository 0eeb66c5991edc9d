import { WorkQueue } from '@penstock/cluster';
import { GANG_PLACER_MANAGER, GROVE_LABELS, podGangKind } from '@penstock/contracts';
import {
  type Clock,
  type Cluster,
  ClusterError,
  type ClusterObject,
  type Informer,
  type ResourceKind,
} from '@penstock/core/ports';
import type { Logger } from 'pino';
import { NotLeadingError } from '../controllers/fenced-writer.js';
import type { LeaderPart, LeaderTerm } from '../leader/leader-part.js';
import { graphTranslator } from './graph/translate-graph.js';
import { OUTPUT_KINDS } from './outputs/output-kinds.js';
import { TRANSLATED_FROM_LABEL } from './outputs/output-labels.js';
import { pavedRoadTranslator } from './paved-road/translate-paved-road.js';
import { SourceController } from './source-controller.js';
import type { TranslationSettings } from './translation.js';
import type { Translator } from './translator.js';

export interface TranslationsOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Objects of this namespace only; all when absent. */
  readonly namespace?: string;
  readonly settings: TranslationSettings;
  /** Called with every reconciliation that failed. */
  readonly onFailure?: (controller: string) => void;
}

const CONCURRENCY = 2;
const TRANSLATORS: readonly Translator[] = [graphTranslator, pavedRoadTranslator];

interface Line {
  readonly translator: Translator;
  readonly sources: Informer<ClusterObject>;
  queue: WorkQueue | undefined;
}

/** Turns objects of other people's kinds into PodCliqueSets, pools, models and variants. */
export class Translations implements LeaderPart {
  readonly name = 'translation';
  private readonly lines: readonly Line[];
  private readonly outputs: ReadonlyArray<Informer<ClusterObject>>;
  private readonly gangs: Informer<ClusterObject>;
  private term: LeaderTerm | undefined;

  constructor(private readonly options: TranslationsOptions) {
    const { cluster, namespace } = options;
    this.lines = TRANSLATORS.map((translator): Line => {
      const onUpsert = (source: ClusterObject) => line.queue?.add(keyOf(source));
      const line: Line = {
        translator,
        sources: cluster.inform(translator.kind, { namespace }, { onUpsert, onSync: () => this.begin(line) }),
        queue: undefined,
      };
      return line;
    });
    const touched = (object: ClusterObject) => this.touchSource(object);
    this.outputs = OUTPUT_KINDS.map((kind) =>
      cluster.inform(
        kind,
        { namespace, labelSelector: TRANSLATED_FROM_LABEL },
        { onUpsert: touched, onDelete: touched },
      ),
    );
    const labelSelector = `${GROVE_LABELS.managedBy}=${GANG_PLACER_MANAGER}`;
    const onUpsert = (gang: ClusterObject) => this.touchSet(gang);
    this.gangs = cluster.inform(podGangKind as ResourceKind, { namespace, labelSelector }, { onUpsert });
  }

  unsynced(): readonly string[] {
    return this.lines.flatMap(({ translator, sources }) =>
      sources.synced ? [] : [`${translator.kind.plural}.${translator.kind.group}`],
    );
  }

  lead(term: LeaderTerm): void {
    this.term = term;
    for (const line of this.lines) this.begin(line);
  }

  async yield(): Promise<void> {
    this.term = undefined;
    const queues = this.lines.flatMap(({ queue }) => queue ?? []);
    for (const line of this.lines) line.queue = undefined;
    await Promise.all(queues.map((queue) => queue.stop()));
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.lines.map(({ sources }) => sources), ...this.outputs, this.gangs].map((i) => i.stop()),
    );
  }

  /** Once this replica leads and has listed the sources. */
  private begin(line: Line): void {
    const { term } = this;
    if (!term || line.queue || !line.sources.synced) return;
    const { cluster, clock, settings } = this.options;
    const controller = new SourceController(line.translator, { cluster, clock, term, settings });
    line.queue = new WorkQueue({
      concurrency: CONCURRENCY,
      reconcile: async (key) => {
        const source = line.sources.get(...splitKey(key));
        return source && (await controller.reconcile(source));
      },
      onError: (key, error, retryInMs) => this.failed(line, key, error, retryInMs),
    });
    for (const source of line.sources.list()) line.queue.add(keyOf(source));
  }

  /** What was made has changed or is gone: its source is looked at again. */
  private touchSource({ metadata }: ClusterObject): void {
    const owner = metadata.ownerReferences?.find(({ controller }) => controller);
    const line = this.lines.find(
      ({ translator: { kind } }) => owner?.kind === kind.kind && isOfGroup(owner, kind),
    );
    if (owner) line?.queue?.add(`${metadata.namespace ?? ''}/${owner.name}`);
  }

  /** A gang of a set has changed; a set has the name of its source. */
  private touchSet({ metadata }: ClusterObject): void {
    const set = metadata.labels?.[GROVE_LABELS.partOf];
    for (const { sources, queue } of this.lines) {
      if (set !== undefined && sources.get(metadata.namespace, set))
        queue?.add(`${metadata.namespace ?? ''}/${set}`);
    }
  }

  private failed({ translator }: Line, key: string, error: unknown, retryInMs: number): void {
    if (error instanceof NotLeadingError) return;
    const { logger, onFailure } = this.options;
    // A newer version of an object than the one known is everyday; the news are on their way.
    const isStale = error instanceof ClusterError && ['conflict', 'not-found'].includes(error.reason);
    logger[isStale ? 'debug' : 'warn'](
      { component: translator.label, resource: key, err: error, delayMs: retryInMs },
      'not translated yet',
    );
    if (!isStale) onFailure?.(`translation ${translator.label}`);
  }
}

const isOfGroup = ({ apiVersion }: { apiVersion: string }, { group }: Translator['kind']): boolean =>
  apiVersion.startsWith(`${group}/`);

const keyOf = ({ metadata: { namespace = '', name } }: ClusterObject): string => `${namespace}/${name}`;

function splitKey(key: string): [namespace: string, name: string] {
  const slash = key.indexOf('/');
  return [key.slice(0, slash), key.slice(slash + 1)];
}
