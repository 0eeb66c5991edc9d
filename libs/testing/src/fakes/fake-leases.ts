import type { LeaseHandle, LeaseOptions } from '@penstock/core/ports';

interface Candidate {
  readonly options: LeaseOptions;
  transitions: number;
  held: boolean;
}

interface Lease {
  transitions: number;
  holder: Candidate | undefined;
  readonly waiting: Candidate[];
}

/** One holder per lease; the next in line follows when it is released or expires. */
export class FakeLeases {
  private readonly leases = new Map<string, Lease>();

  compete(options: LeaseOptions): LeaseHandle {
    const lease = this.lease(options.namespace, options.name);
    const candidate: Candidate = { options, transitions: 0, held: false };
    lease.waiting.push(candidate);
    queueMicrotask(() => this.elect(lease));
    return {
      get held() {
        return candidate.held;
      },
      get transitions() {
        return candidate.transitions;
      },
      release: async () => {
        const place = lease.waiting.indexOf(candidate);
        if (place >= 0) lease.waiting.splice(place, 1);
        if (lease.holder === candidate) this.depose(lease);
      },
    };
  }

  /** The holder loses it and competes again, behind the others. */
  expire(namespace: string, name: string): void {
    const lease = this.lease(namespace, name);
    const { holder } = lease;
    if (!holder) return;
    lease.waiting.push(holder);
    this.depose(lease);
  }

  private depose(lease: Lease): void {
    const { holder } = lease;
    lease.holder = undefined;
    if (holder) {
      holder.held = false;
      holder.options.onLost();
    }
    this.elect(lease);
  }

  private elect(lease: Lease): void {
    if (lease.holder) return;
    const next = lease.waiting.shift();
    if (!next) return;
    lease.holder = next;
    next.held = true;
    next.transitions = ++lease.transitions;
    next.options.onAcquired(next.transitions);
  }

  private lease(namespace: string, name: string): Lease {
    const key = `${namespace}/${name}`;
    const lease = this.leases.get(key) ?? { transitions: 0, holder: undefined, waiting: [] };
    this.leases.set(key, lease);
    return lease;
  }
}
