import { describe, expect, it } from '@jest/globals';
import { HealthChecks } from './health-checks.js';

describe('HealthChecks', () => {
  it('is starting, then ok, then draining', async () => {
    const health = new HealthChecks();
    expect((await health.report()).status).toBe('starting');
    health.setPhase('serving');
    expect((await health.report()).status).toBe('ok');
    health.setPhase('draining');
    expect((await health.report()).status).toBe('draining');
  });

  it('is degraded by an optional failure and not ready by a required one', async () => {
    const health = new HealthChecks();
    health.setPhase('serving');
    health.register({
      name: 'nats',
      required: false,
      check: () => {
        throw new Error('not connected');
      },
    });
    const degraded = await health.report();
    expect(degraded.status).toBe('degraded');
    expect(degraded.checks[0]).toMatchObject({ name: 'nats', ok: false, detail: 'not connected' });
    health.register({
      name: 'pools',
      required: true,
      check: async () => {
        throw new Error('no pool');
      },
    });
    expect((await health.report()).status).toBe('not-ready');
  });

  it('does not wait for a check that hangs', async () => {
    const health = new HealthChecks();
    health.setPhase('serving');
    health.register({ name: 'slow', required: true, timeoutMs: 20, check: () => new Promise(() => {}) });
    const { status, checks } = await health.report();
    expect(status).toBe('not-ready');
    expect(checks[0]?.detail).toBe('no answer within 20 ms');
  });

  it('runs checks once for probes that come together', async () => {
    const health = new HealthChecks();
    let runs = 0;
    health.register({ name: 'count', required: true, check: () => void runs++ as undefined });
    await Promise.all([health.report(), health.report(), health.report()]);
    expect(runs).toBe(1);
  });

  it('calls back once when draining begins', () => {
    const health = new HealthChecks();
    let calls = 0;
    health.onDraining(() => {
      calls++;
    });
    health.setPhase('serving');
    expect(calls).toBe(0);
    health.setPhase('draining');
    health.setPhase('draining');
    expect(calls).toBe(1);
  });
});
