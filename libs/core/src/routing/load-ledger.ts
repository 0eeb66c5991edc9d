/** A request at the moment it was decided. */
export interface Reservation {
  readonly requestId: string;
  readonly endpointId: string;
  readonly atMs: number;
  readonly promptTokens: number;
  /** Prompt tokens that the endpoint was not known to hold. */
  readonly uncachedTokens: number;
  /** Default 0: unknown. */
  readonly expectedOutputTokens?: number;
}

/** The reserved figures of an `EndpointView`. */
export interface EndpointLoad {
  readonly inFlightRequests: number;
  readonly inFlightPrefillTokens: number;
  readonly inFlightTokens: number;
  readonly unseenRequests: number;
  readonly unseenTokens: number;
}

interface Held extends Reservation {
  readonly tokens: number;
  prefilling: boolean;
  unseen: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface Account extends Mutable<EndpointLoad> {
  /** Reservations not covered by a scrape, oldest first; may hold ended ones. */
  unseen: Held[];
}

const NO_LOAD: EndpointLoad = {
  inFlightRequests: 0,
  inFlightPrefillTokens: 0,
  inFlightTokens: 0,
  unseenRequests: 0,
  unseenTokens: 0,
};

/**
 * Load that this scheduler put on each endpoint, known the moment it decides. Every call may be repeated or come
 * late without effect.
 */
export class LoadLedger {
  private readonly requests = new Map<string, Held>();
  private readonly accounts = new Map<string, Account>();

  /** `transitMs`: how long after its decision a request shows in the endpoint's gauges, default 0. */
  constructor(private readonly transitMs = 0) {}

  /** Books a decision. A request booked before moves to the new endpoint. */
  reserve(reservation: Reservation): void {
    const known = this.requests.get(reservation.requestId);
    if (known?.endpointId === reservation.endpointId) return;
    if (known) this.done(reservation.requestId);
    const held: Held = {
      ...reservation,
      tokens: reservation.promptTokens + (reservation.expectedOutputTokens ?? 0),
      prefilling: true,
      unseen: true,
    };
    this.requests.set(held.requestId, held);
    let account = this.accounts.get(held.endpointId);
    if (!account) {
      account = { ...NO_LOAD, unseen: [] };
      this.accounts.set(held.endpointId, account);
    }
    account.inFlightRequests++;
    account.inFlightPrefillTokens += held.uncachedTokens;
    account.inFlightTokens += held.tokens;
    account.unseenRequests++;
    account.unseenTokens += held.uncachedTokens;
    account.unseen.push(held);
  }

  /** The first token came: the prompt is no longer waiting to be computed. */
  firstToken(requestId: string): void {
    const held = this.requests.get(requestId);
    if (!held?.prefilling) return;
    held.prefilling = false;
    this.accounts.get(held.endpointId)!.inFlightPrefillTokens -= held.uncachedTokens;
  }

  /** The request ended, in whatever way. */
  done(requestId: string): void {
    const held = this.requests.get(requestId);
    if (!held) return;
    this.firstToken(requestId);
    const account = this.accounts.get(held.endpointId)!;
    this.see(account, held);
    account.inFlightRequests--;
    account.inFlightTokens -= held.tokens;
    this.requests.delete(requestId);
    if (account.inFlightRequests === 0) this.accounts.delete(held.endpointId);
    // Without scrapes nothing else would let go of ended requests.
    else if (account.unseen.length > 2 * account.unseenRequests + 16) {
      account.unseen = account.unseen.filter((other) => other.unseen);
    }
  }

  /** A scrape that began at `startedAtMs` succeeded: it covers what had reached the endpoint before. */
  scraped(endpointId: string, startedAtMs: number): void {
    const account = this.accounts.get(endpointId);
    if (!account) return;
    let covered = 0;
    while (covered < account.unseen.length && account.unseen[covered]!.atMs + this.transitMs <= startedAtMs) {
      this.see(account, account.unseen[covered++]!);
    }
    if (covered > 0) account.unseen.splice(0, covered);
  }

  /** Current figures of an endpoint; all 0 when nothing is in flight. */
  load(endpointId: string): EndpointLoad {
    const account = this.accounts.get(endpointId);
    if (!account) return NO_LOAD;
    const { inFlightRequests, inFlightPrefillTokens, inFlightTokens, unseenRequests, unseenTokens } = account;
    return { inFlightRequests, inFlightPrefillTokens, inFlightTokens, unseenRequests, unseenTokens };
  }

  /** Requests in flight at an endpoint, for when it disappears. */
  requestsAt(endpointId: string): string[] {
    return [...this.requests.values()].filter((h) => h.endpointId === endpointId).map((h) => h.requestId);
  }

  private see(account: Account, held: Held): void {
    if (!held.unseen) return;
    held.unseen = false;
    account.unseenRequests--;
    account.unseenTokens -= held.uncachedTokens;
  }
}
