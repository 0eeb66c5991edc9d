import { type GangPlacement, gangPlacementKind } from '@penstock/contracts';
import { type Cluster, ClusterError } from '@penstock/core/ports';
import type { PlacementView } from './placement-view.js';

const REFUSALS: ReadonlyArray<ClusterError['reason']> = [
  'conflict',
  'already-exists',
  'not-found',
  'invalid',
  'forbidden',
];

/** `<namespace>/<name>` of a gang and of its placement. */
export const keyOf = ({ metadata }: { metadata: { namespace?: string; name: string } }): string =>
  `${metadata.namespace ?? ''}/${metadata.name}`;

/**
 * The GangPlacements as they are, ahead of the watch: what was just written counts at once, and what may have been
 * written counts until it was read again. So nothing that was promised is promised twice.
 */
export class PlacementStore {
  private readonly ahead = new Map<string, GangPlacement>();
  /** Lives that are gone although the watch may still show them, by uid. */
  private readonly gone = new Set<string>();
  /** Written without an answer: to be read again before anything else is decided. */
  private readonly uncertain = new Set<string>();

  constructor(
    private readonly cluster: Cluster,
    private readonly view: PlacementView,
  ) {
    view.onPlacement = (placement, isGone) => this.look(placement, isGone);
  }

  get(key: string): GangPlacement | undefined {
    const ahead = this.ahead.get(key);
    if (ahead) return ahead;
    const seen = this.view.placements.get(...split(key));
    return seen && this.gone.has(seen.metadata.uid ?? '') ? undefined : seen;
  }

  /** All of them, also those of gangs that are gone. */
  list(): GangPlacement[] {
    const keys = new Set([...this.view.placements.list().map(keyOf), ...this.ahead.keys()]);
    return [...keys].flatMap((key) => this.get(key) ?? []);
  }

  /**
   * Writes the decision: nothing is bound before this has returned.
   * @returns the stored object, or undefined when somebody else wrote: look again
   */
  async write(placement: GangPlacement): Promise<GangPlacement | undefined> {
    const key = keyOf(placement);
    const before = this.get(key);
    // Reserved from here on, whatever becomes of the request. Without a version no news of the watch replaces it.
    this.ahead.set(key, { ...placement, metadata: { ...placement.metadata, resourceVersion: undefined } });
    try {
      const stored =
        placement.metadata.resourceVersion === undefined
          ? await this.cluster.create(gangPlacementKind, placement)
          : await this.cluster.update(gangPlacementKind, placement);
      this.keep(key, stored);
      return stored;
    } catch (error) {
      this.uncertain.add(key);
      if (!(error instanceof ClusterError) || !REFUSALS.includes(error.reason)) throw error;
      // Certainly not written.
      if (before) this.ahead.set(key, before);
      else this.ahead.delete(key);
      const isConflict = error.reason === 'conflict' || error.reason === 'already-exists';
      // A replaced object may be gone; one that is new fails so only without its definition or namespace.
      if (isConflict || (error.reason === 'not-found' && before)) return undefined;
      throw error;
    }
  }

  /** @returns the stored object, or undefined when somebody else wrote: look again */
  async writeStatus(
    placement: GangPlacement,
    status: NonNullable<GangPlacement['status']>,
  ): Promise<GangPlacement | undefined> {
    const key = keyOf(placement);
    try {
      const next = { ...placement, status };
      const stored = await this.cluster.update(gangPlacementKind, next, { subresource: 'status' });
      this.keep(key, stored);
      return stored;
    } catch (error) {
      this.uncertain.add(key);
      if (error instanceof ClusterError && ['conflict', 'not-found'].includes(error.reason)) return undefined;
      throw error;
    }
  }

  /** Removes this life of a placement; one that is gone already is as good. */
  async remove(placement: GangPlacement): Promise<void> {
    const { namespace, name, uid } = placement.metadata;
    try {
      await this.cluster.delete(gangPlacementKind, namespace, name, uid === undefined ? {} : { uid });
    } catch (error) {
      if (!(error instanceof ClusterError && ['conflict', 'not-found'].includes(error.reason))) throw error;
    } finally {
      this.uncertain.add(keyOf(placement));
    }
  }

  /** Reads again whatever is uncertain. Throws while the API does not answer: then nothing may be decided. */
  async settle(): Promise<void> {
    for (const key of [...this.uncertain]) {
      const stored = await this.cluster.get(gangPlacementKind, ...split(key));
      this.uncertain.delete(key);
      this.keep(key, stored);
    }
  }

  /** Reads every placement from the API: a new leader must not miss what the last one wrote. */
  async reload(namespace: string | undefined): Promise<void> {
    const stored = await this.cluster.list(gangPlacementKind, namespace === undefined ? {} : { namespace });
    this.ahead.clear();
    this.uncertain.clear();
    const found = new Map(stored.map((placement) => [keyOf(placement), placement]));
    for (const key of new Set([...found.keys(), ...this.view.placements.list().map(keyOf)])) {
      this.keep(key, found.get(key));
    }
  }

  /** What the API has under this key, whatever the watch shows. */
  private keep(key: string, stored: GangPlacement | undefined): void {
    const seen = this.view.placements.get(...split(key));
    if (seen && seen.metadata.uid !== stored?.metadata.uid) this.gone.add(seen.metadata.uid ?? '');
    if (stored && stored.metadata.resourceVersion !== seen?.metadata.resourceVersion)
      this.ahead.set(key, stored);
    else this.ahead.delete(key);
  }

  /** The watch has caught up when it brings the very version that was written, or the end of that life. */
  private look({ metadata }: GangPlacement, isGone: boolean): void {
    const key = keyOf({ metadata });
    const ahead = this.ahead.get(key);
    if (isGone) this.gone.delete(metadata.uid ?? '');
    const caughtUp = isGone
      ? ahead?.metadata.uid === metadata.uid
      : ahead?.metadata.resourceVersion === metadata.resourceVersion;
    if (ahead?.metadata.uid !== undefined && caughtUp) this.ahead.delete(key);
  }
}

function split(key: string): [string, string] {
  const slash = key.indexOf('/');
  return [key.slice(0, slash), key.slice(slash + 1)];
}
