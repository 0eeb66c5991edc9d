import { type Lease, leaseKind } from '@penstock/contracts';
import { type Cluster, ClusterError, type Informer, type ResourceKind } from '@penstock/core/ports';
import { microTime, readLease } from '../lease/lease-record.js';
import { leaseNameOf } from './lease-name.js';
import { MemberList } from './member-list.js';

export interface LeaseMembersOptions {
  readonly namespace: string;
  /** What the members are, e.g. `kv-index`: in the names of the Leases and in their label. */
  readonly group: string;
  /** This member's name: no other live one may have it. */
  readonly member: string;
  /** Time between two renewals; 300 ms. */
  readonly renewMs?: number;
  /** A member whose record stays the same for this long is dead; 1 s. */
  readonly deadAfterMs?: number;
  /** Monotonic clock in milliseconds. */
  readonly nowMs?: () => number;
}

const RENEW_MS = 300;
const DEAD_AFTER_MS = 1_000;
/** A renewal that hangs holds up neither the next one nor, in number, the API. */
const MAX_RENEWALS_UNDER_WAY = 3;
/** Time between two renewals while they are refused: rights do not come in a second. */
const FORBIDDEN_RENEW_MS = 10_000;
/** Without any answer from the API for this long this member goes to work alone. */
const ALONE_AFTER_MS = 5_000;
/** Leases of members that died are deleted after this long. */
const DELETE_AFTER_MS = 60_000;
const LEAVE_TIMEOUT_MS = 2_000;

type MemberLease = Lease & { metadata: { name: string } };
const kind = leaseKind as ResourceKind<MemberLease>;

/**
 * The live replicas of a service, each with a Lease of its own that it renews and the others watch. Whoever cannot reach
 * the API keeps the last list and goes on counting itself in. Needs list, watch, create, patch and delete of Leases.
 */
export class LeaseMembers {
  readonly #cluster: Cluster;
  readonly #options: Required<LeaseMembersOptions>;
  readonly #list: MemberList;
  readonly #leases: Informer<MemberLease>;
  readonly #ownLease: string;
  /** Tells this process's record from one of another process under the same name. */
  readonly #acquireTime = microTime(new Date());
  readonly #startedMs: number;
  readonly #underWay = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #notBeforeMs = 0;
  #known = false;
  #problem: string | undefined;
  #namesakeMs = Number.NEGATIVE_INFINITY;
  #leaving = false;
  /** After leaving: those that stay, of all that are alive. */
  #others: { readonly live: readonly string[]; readonly without: readonly string[] } = {
    live: [],
    without: [],
  };
  readonly #listeners = new Set<() => void>();

  constructor(cluster: Cluster, options: LeaseMembersOptions) {
    const { group, member, namespace, renewMs = RENEW_MS, deadAfterMs = DEAD_AFTER_MS } = options;
    const { nowMs = () => performance.now() } = options;
    this.#cluster = cluster;
    this.#options = { group, member, namespace, renewMs, deadAfterMs, nowMs };
    this.#list = new MemberList(member, deadAfterMs);
    this.#ownLease = leaseNameOf(group, member);
    this.#startedMs = nowMs();
    this.#leases = cluster.inform(
      kind,
      { namespace, labelSelector: `${labelOf(group)}=true` },
      {
        onUpsert: (lease) => this.#tell(() => this.#seen(lease)),
        onDelete: (lease) => this.#tell(() => this.#list.gone(memberOf(lease))),
        onSync: () => this.#tell(() => undefined),
      },
    );
    this.#timer = setInterval(() => this.#tick(), renewMs).unref();
    this.#tick();
  }

  /** Names of the live members in their order, with this one until it leaves; the same array until it changes. */
  get members(): readonly string[] {
    const { live } = this.#list;
    if (!this.#leaving) return live;
    if (this.#others.live !== live)
      this.#others = { live, without: live.filter((name) => name !== this.#options.member) };
    return this.#others.without;
  }

  /** Whether `members` can be acted upon: the others were seen once, or there is no hope of seeing them. */
  get known(): boolean {
    return this.#known;
  }

  /** Why members may be missing, what that means and what to do; undefined when all is well. */
  get problem(): string | undefined {
    if (this.#options.nowMs() - this.#namesakeMs < ALONE_AFTER_MS)
      return `another replica is called ${this.#options.member} too, so both do the same work: give each its own --instance`;
    return this.#problem;
  }

  /**
   * Calls the listener after every change of `members` or `problem`, and when the members become known.
   *
   * @returns a function that ends it
   */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes this member off the list of the others at once, and goes on watching them. */
  async leave(): Promise<void> {
    if (this.#leaving) return;
    this.#leaving = true;
    clearInterval(this.#timer);
    const { namespace, deadAfterMs } = this.#options;
    const remove = async () => {
      // A renewal under way could make the Lease again.
      await Promise.all(this.#underWay);
      await this.#cluster.delete(kind, namespace, this.#ownLease);
    };
    const late = new Promise<void>((resolve) =>
      setTimeout(resolve, Math.max(LEAVE_TIMEOUT_MS, deadAfterMs)).unref(),
    );
    // When it fails the others find out by our silence.
    await Promise.race([remove().catch(() => undefined), late]);
  }

  /** Leaves, and sees no more of the others. */
  async close(): Promise<void> {
    await this.leave();
    await this.#leases.stop();
  }

  #tick(): void {
    const nowMs = this.#options.nowMs();
    if (!this.#known && nowMs - this.#startedMs > ALONE_AFTER_MS) this.#tell(() => this.#alone());
    if (this.#underWay.size >= MAX_RENEWALS_UNDER_WAY || nowMs < this.#notBeforeMs) return;
    const renewal = this.#renew().finally(() => this.#underWay.delete(renewal));
    this.#underWay.add(renewal);
  }

  async #renew(): Promise<void> {
    const { namespace, member, deadAfterMs } = this.#options;
    const spec = {
      holderIdentity: member,
      leaseDurationSeconds: Math.ceil(deadAfterMs / 1000),
      acquireTime: this.#acquireTime,
      renewTime: microTime(new Date()),
    };
    try {
      await this.#cluster.mergePatch(kind, namespace, this.#ownLease, { spec }).catch((error: unknown) => {
        if (!isReason(error, 'not-found') || this.#leaving) throw error;
        return this.#create(spec);
      });
      this.#tell(() => this.#explain(undefined));
    } catch (error) {
      if (this.#leaving || isReason(error, 'already-exists')) return;
      this.#tell(() => this.#failed(error));
    }
  }

  #create(spec: Record<string, unknown>): Promise<MemberLease> {
    const { namespace, group } = this.#options;
    const metadata = { name: this.#ownLease, namespace, labels: { [labelOf(group)]: 'true' } };
    return this.#cluster.create(kind, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata,
      spec,
    });
  }

  #failed(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    if (!isReason(error, 'forbidden')) {
      this.#explain(
        `the Lease ${this.#ownLease} cannot be renewed, so other replicas may count this one out: ${why}`,
      );
      return;
    }
    const { namespace, nowMs } = this.#options;
    this.#notBeforeMs = nowMs() + FORBIDDEN_RENEW_MS;
    this.#explain(
      `no rights to Leases in namespace ${namespace}: this replica does not see others and does all the work; ` +
        `run one replica only, or grant list, watch, create, patch and delete of leases.coordination.k8s.io: ${why}`,
    );
    this.#known = true;
  }

  /** Lists and watches may be refused, or silent, while writes are not: then nothing is ever seen. */
  #alone(): void {
    this.#known = true;
    this.#explain(
      this.#problem ??
        `Leases in namespace ${this.#options.namespace} cannot be watched: this replica does not see others; check the Kubernetes API and the rights to list and watch leases.coordination.k8s.io`,
    );
  }

  #explain(problem: string | undefined): void {
    // Being able to write does not show that others are seen.
    if (problem === undefined && this.#known && !this.#leases.synced) return;
    this.#problem = problem;
  }

  #seen(lease: MemberLease): void {
    const { nowMs, member } = this.#options;
    const record = readLease(lease);
    if (lease.metadata.name !== this.#ownLease) {
      this.#list.seen(memberOf(lease), record.fingerprint, nowMs());
      return;
    }
    if (record.holder !== member || record.acquireTime !== this.#acquireTime) {
      // The first one may be of the process before this one.
      if (this.#known) this.#namesakeMs = nowMs();
      return;
    }
    this.#list.echoed(nowMs());
    if (this.#leases.synced) this.#known = true;
    this.#sweep();
  }

  /** One member, the first in order, takes away the Leases of the dead; one that comes to life again makes a new one. */
  #sweep(): void {
    if (this.#list.live[0] !== this.#options.member) return;
    const silent = new Set(this.#list.silentFor(DELETE_AFTER_MS));
    for (const lease of this.#leases.list()) {
      const name = memberOf(lease);
      if (!silent.has(name)) continue;
      this.#list.gone(name);
      const uid = lease.metadata.uid;
      void this.#cluster
        .delete(kind, this.#options.namespace, lease.metadata.name, uid === undefined ? {} : { uid })
        .catch(() => undefined);
    }
  }

  /** Runs a change, then tells of it when it was one. */
  #tell(change: () => void): void {
    const before = [this.members, this.problem, this.#known];
    change();
    if (before.every((value, i) => value === [this.members, this.problem, this.#known][i])) return;
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Label by which the Leases of a group are watched. */
function labelOf(group: string): string {
  return `penstock.dev/${group}-member`;
}

function memberOf(lease: MemberLease): string {
  return lease.spec?.holderIdentity || lease.metadata.name;
}

function isReason(error: unknown, reason: ClusterError['reason']): boolean {
  return error instanceof ClusterError && error.reason === reason;
}
