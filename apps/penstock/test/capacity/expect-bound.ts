import { expect } from '@jest/globals';
import { type GangPlacement, GROVE_LABELS, gangPlacementKind } from '@penstock/contracts';
import type { ResourceKind } from '@penstock/core/ports';
import type { CapacityLab } from './capacity-lab.js';

/** Waits until every pod of a gang is where its GangPlacement says, and it says so of every pod. */
export async function expectBound(
  lab: CapacityLab,
  namespace: string,
  gang: string,
  podCount: number,
): Promise<void> {
  const placement = () => lab.get<GangPlacement>(gangPlacementKind as ResourceKind, namespace, gang);
  await lab.until(`the whole gang ${gang}`, async () => {
    const { status } = await placement();
    return status?.phase === 'Bound' && status.boundPods === podCount;
  });
  const pods = await lab.pods(namespace, `${GROVE_LABELS.podGang}=${gang}`);
  expect(pods).toHaveLength(podCount);
  const there = pods.map(({ metadata, spec }) => ({
    ...{ pod: metadata.name, uid: metadata.uid, node: spec?.nodeName },
    group: metadata.labels?.[GROVE_LABELS.podClique],
  }));
  expect(there.every(({ node }) => node !== undefined)).toBe(true);
  expect(new Set((await placement()).spec.assignments)).toEqual(new Set(there));
}
