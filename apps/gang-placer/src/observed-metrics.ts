import type { PlacerParts } from './assemble-placer.js';
import { GANG_STATES, gangSummary } from './placement/gang-summary.js';

/** Metrics of state that exists anyway: computed when they are scraped, not when it changes. */
export function observePlacer({ metrics, placement, leader, clock, bus }: PlacerParts): void {
  metrics.collectWith(() => {
    metrics.leading.set(leader.isLeading ? 1 : 0);
    metrics.dataAgeSeconds.set(placement.view.ageMs() / 1000);
    const { connected, droppedEvents } = bus.status();
    metrics.busConnected.set(connected ? 1 : 0);
    metrics.droppedEvents.set(droppedEvents);
    for (const state of GANG_STATES) metrics.gangs.set({ state }, 0);
    for (const state of placement.list()) {
      metrics.gangs.inc({ state: gangSummary(state, '', clock.nowMs()).state });
    }
  });
}
