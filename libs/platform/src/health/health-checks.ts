import { maskUrl } from '../config/mask-config.js';

/** One dependency or condition of a service. */
export interface HealthCheck {
  readonly name: string;
  /** A failing required check makes the service not ready; a failing optional one degrades it. */
  readonly required: boolean;
  /** Default 1,000. */
  readonly timeoutMs?: number;
  /** Exercises the real thing. Returns a detail for people, or throws with what is wrong. */
  readonly check: () => Promise<string | undefined> | string | undefined;
}

export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly required: boolean;
  readonly detail?: string;
  readonly durationMs: number;
}

export interface HealthReport {
  readonly status: 'ok' | 'degraded' | 'starting' | 'not-ready' | 'draining';
  readonly checks: readonly CheckResult[];
}

const MIN_INTERVAL_MS = 500;

/** The named readiness checks of one process. Results are shared for half a second so probes stay cheap. */
export class HealthChecks {
  private readonly checks = new Map<string, HealthCheck>();
  private phase: 'starting' | 'serving' | 'draining' = 'starting';
  private readonly drainListeners: Array<() => void> = [];
  private last: { atMs: number; report: Promise<readonly CheckResult[]> } | undefined;

  /** Adds a check; one of the same name is replaced. */
  register(check: HealthCheck): void {
    this.checks.set(check.name, check);
    this.last = undefined;
  }

  setPhase(phase: 'starting' | 'serving' | 'draining'): void {
    this.phase = phase;
    if (phase === 'draining') for (const listener of this.drainListeners.splice(0)) listener();
  }

  /** Calls back when the process begins to drain: calls that do not end by themselves must be ended then. */
  onDraining(listener: () => void): void {
    this.drainListeners.push(listener);
  }

  async report(): Promise<HealthReport> {
    const nowMs = performance.now();
    if (!this.last || nowMs - this.last.atMs > MIN_INTERVAL_MS) {
      this.last = { atMs: nowMs, report: Promise.all([...this.checks.values()].map(run)) };
    }
    const checks = await this.last.report;
    const failing = checks.filter((c) => !c.ok);
    const status =
      this.phase === 'draining'
        ? 'draining'
        : failing.some((c) => c.required)
          ? 'not-ready'
          : this.phase === 'starting'
            ? 'starting'
            : failing.length > 0
              ? 'degraded'
              : 'ok';
    return { status, checks };
  }
}

async function run(check: HealthCheck): Promise<CheckResult> {
  const startMs = performance.now();
  const timeoutMs = check.timeoutMs ?? 1000;
  let timer: NodeJS.Timeout | undefined;
  const base = { name: check.name, required: check.required };
  try {
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    });
    const detail = await Promise.race([Promise.resolve().then(check.check), timeout]);
    return {
      ...base,
      ok: true,
      ...(detail ? { detail: maskUrl(detail) } : {}),
      durationMs: Math.round(performance.now() - startMs),
    };
  } catch (error) {
    const detail = maskUrl(error instanceof Error ? error.message : String(error));
    return { ...base, ok: false, detail, durationMs: Math.round(performance.now() - startMs) };
  } finally {
    clearTimeout(timer);
  }
}
