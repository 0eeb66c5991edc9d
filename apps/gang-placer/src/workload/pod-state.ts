import { GROVE_LABELS, POD_GANG_GATE, type Pod } from '@penstock/contracts';

/** Counts as existing: not being deleted, and not ended for good. */
export function isAlive(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined && !hasEnded(pod);
}

/** Its containers will not run again: evicted, or lost with its node. */
export function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Failed' || status?.phase === 'Succeeded';
}

export function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

export function isScheduled({ spec }: Pod): boolean {
  return Boolean(spec?.nodeName);
}

export function isGated({ spec }: Pod): boolean {
  return spec?.schedulingGates?.some(({ name }) => name === POD_GANG_GATE) ?? false;
}

/** Not ready although its containers were started, or one of them failed: no longer just starting. */
export function isUnhealthy(pod: Pod): boolean {
  if (isReady(pod)) return false;
  return (pod.status?.containerStatuses ?? []).some(
    (container) =>
      (container['started'] === true && container.ready !== true) ||
      (container.restartCount ?? 0) > 0 ||
      (container.state?.terminated?.exitCode ?? 0) !== 0,
  );
}

/** Position in its clique; undefined when its labels do not say. */
export function indexOf({ metadata: { labels } }: Pod): number | undefined {
  const text = labels?.[GROVE_LABELS.podIndex];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

export function templateHashOf(object: { metadata: { labels?: Record<string, string> } }): string {
  return object.metadata.labels?.[GROVE_LABELS.podTemplateHash] ?? '';
}
