import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { kvnodeV1 } from '@penstock/contracts';
import { HEALTH, type HealthChecks, parseRequest, ServiceError } from '@penstock/platform';
import { Observable, type Subscriber } from 'rxjs';
import { InventoryStream } from '../application/inventory-stream.js';
import type { MoveOrder } from '../application/move-order.js';
import type { KvNodeParts } from '../assemble-kv-node.js';
import { PARTS } from '../injection-tokens.js';
import { partMessage, useMessage } from './messages.js';
import { adoptRequest, moveRequest, statsRequest, verifyRequest, watchInventoryRequest } from './requests.js';
import { TIER_OF_NAME } from './tier-names.js';

const SERVICE = 'KvNodeService';

/** The sending side of a call, as far as it says when it is too slow. */
interface SlowCall {
  readonly writableNeedDrain: boolean;
  on(event: 'drain', listener: () => void): void;
  off(event: 'drain', listener: () => void): void;
}

/** `penstock.kvnode.v1`. */
@Controller()
export class KvNodeController {
  private readonly followers = new Set<Subscriber<kvnodeV1.WatchInventoryResponse>>();

  constructor(
    @Inject(PARTS) private readonly parts: KvNodeParts,
    @Inject(HEALTH) health: HealthChecks,
  ) {
    // The listener closes when every call has ended, and those who follow never do.
    health.onDraining(() => {
      for (const follower of [...this.followers]) follower.complete();
    });
  }

  @GrpcMethod(SERVICE, 'WatchInventory')
  watchInventory(
    request: unknown,
    _metadata: unknown,
    call: SlowCall,
  ): Observable<kvnodeV1.WatchInventoryResponse> {
    parseRequest(watchInventoryRequest, request);
    const { node, inventory, tiers, contact, metrics } = this.parts;
    return new Observable((subscriber) => {
      this.followers.add(subscriber);
      const unfollow = contact.follow();
      const stream = new InventoryStream(inventory, {
        write: (part) => subscriber.next(partMessage(part, node, inventory.incarnation, tiers.use())),
        get isReady() {
          return !subscriber.closed && !call.writableNeedDrain;
        },
        fail: (message) => {
          metrics.countEndedWatcher();
          subscriber.error(new ServiceError('exhausted', message));
        },
      });
      const send = () => stream.send();
      call.on('drain', send);
      send();
      return () => {
        call.off('drain', send);
        stream.end();
        unfollow();
        this.followers.delete(subscriber);
      };
    });
  }

  @GrpcMethod(SERVICE, 'Adopt')
  async adopt(request: unknown): Promise<kvnodeV1.AdoptResponse> {
    const { chunks } = parseRequest(adoptRequest, request);
    this.parts.contact.note();
    const wanted = chunks.map(({ hash, scope, blockKeys }) => ({ hash, scope, keys: blockKeys }));
    const adoptions = await this.parts.adopter.adoptAll(wanted);
    const results = adoptions.map((adoption) => {
      if ('problem' in adoption) {
        const tier = kvnodeV1.Tier.TIER_UNSPECIFIED;
        return { path: '', tier, sizeBytes: '0', crc32: 0, problem: adoption.problem };
      }
      const { path, tier, sizeBytes, crc32 } = adoption.copy;
      return { path, tier: TIER_OF_NAME[tier], sizeBytes: String(sizeBytes), crc32, problem: '' };
    });
    return { results };
  }

  @GrpcMethod(SERVICE, 'Move')
  async move(request: unknown): Promise<kvnodeV1.MoveResponse> {
    const { moves } = parseRequest(moveRequest, request);
    this.parts.contact.note();
    const orders = moves.map(({ path, from, to, removeSource, chunk }): MoveOrder => {
      const facts = chunk && { ...chunk, keys: chunk.blockKeys };
      return { path, from, ...(to && { to }), removeSource, ...(facts && { chunk: facts }) };
    });
    const outcomes = await this.parts.mover.moveAll(orders);
    return { results: outcomes.map((outcome) => ({ ...outcome, bytes: String(outcome.bytes) })) };
  }

  @GrpcMethod(SERVICE, 'Verify')
  async verify(request: unknown): Promise<kvnodeV1.VerifyResponse> {
    const { copies } = parseRequest(verifyRequest, request);
    this.parts.contact.note();
    return { problems: await this.parts.verifier.verifyAll(copies) };
  }

  @GrpcMethod(SERVICE, 'Stats')
  stats(request: unknown): kvnodeV1.StatsResponse {
    parseRequest(statsRequest, request);
    const { node, tiers, contact } = this.parts;
    const { alone } = contact;
    contact.ping();
    return { node, tiers: tiers.use().map(useMessage), alone };
  }
}
