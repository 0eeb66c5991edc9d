import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { kvoffloadV1 } from '@penstock/contracts';
import type { ChunkView } from '@penstock/core/tiering';
import { parseRequest, ServiceError } from '@penstock/platform';
import { from, type Observable } from 'rxjs';
import { locateBlocks } from '../application/locate-blocks.js';
import type { OffloadTerm } from '../application/offload-term.js';
import { bytesOf, keysOf } from '../application/packed-keys.js';
import { scopeOf } from '../application/scope.js';
import { LEADERSHIP } from '../injection-tokens.js';
import type { Leadership } from '../leadership.js';
import { chunkMessage, copyMessage, statsMessage, tierMessage } from './messages.js';
import { listChunksRequest, locateRequest, verifyRequest } from './requests.js';

const SERVICE = 'KvOffloadService';
const CHUNKS_PER_MESSAGE = 500;

/** `penstock.kvoffload.v1`: what the deciding replica knows. */
@Controller()
export class KvOffloadController {
  constructor(@Inject(LEADERSHIP) private readonly leadership: Leadership) {}

  @GrpcMethod(SERVICE, 'Locate')
  locate(request: unknown): kvoffloadV1.LocateResponse {
    const { poolNamespace: namespace, pool, blockKeys } = parseRequest(locateRequest, request);
    const { ledger } = this.term();
    const keys = keysOf(blockKeys) as BigUint64Array;
    const blocks = locateBlocks(ledger, scopeOf({ namespace, pool }), keys);
    return {
      blocks: blocks.map(({ key, copies }) => {
        return { key: bytesOf(BigUint64Array.of(key)), copies: copies.map(copyMessage) };
      }),
    };
  }

  @GrpcMethod(SERVICE, 'Stats')
  stats(): kvoffloadV1.StatsResponse {
    return statsMessage(this.leadership.term);
  }

  @GrpcMethod(SERVICE, 'ListChunks')
  listChunks(request: unknown): Observable<kvoffloadV1.ListChunksResponse> {
    const { tier, node } = parseRequest(listChunksRequest, request);
    const { ledger } = this.term();
    const wanted = ({ copies }: ChunkView) =>
      copies.some(({ place }) => {
        return (tier === undefined || place.tier === tier) && (node === undefined || place.node === node);
      });
    const chunks = [...ledger.chunks()].filter(wanted);
    return from(inMessages(chunks));
  }

  @GrpcMethod(SERVICE, 'Verify')
  async verify(request: unknown): Promise<kvoffloadV1.VerifyResponse> {
    const wish = parseRequest(verifyRequest, request);
    const term = this.term();
    const { checked, intact, moved, problems } = await term.verifier.verify(wish);
    // What it could not read at its end says nothing about the copies.
    if (this.leadership.term !== term) {
      throw new ServiceError('unavailable', 'this replica stopped deciding meanwhile', '', 'ask again');
    }
    return {
      ...{ checked: String(checked), intact: String(intact), moved: String(moved) },
      problems: problems.map(({ path, place, problem }) => {
        return { path, tier: tierMessage(place.tier), node: place.node ?? '', problem };
      }),
    };
  }

  private term(): OffloadTerm {
    const { term } = this.leadership;
    if (term) return term;
    const howToFix = 'ask the holder of the Lease: the replica whose Stats say leader';
    throw new ServiceError('unavailable', 'this replica does not decide and knows nothing', '', howToFix);
  }
}

function* inMessages(chunks: readonly ChunkView[]): Generator<kvoffloadV1.ListChunksResponse> {
  for (let at = 0; at < chunks.length; at += CHUNKS_PER_MESSAGE) {
    yield { chunks: chunks.slice(at, at + CHUNKS_PER_MESSAGE).map(chunkMessage) };
  }
}
