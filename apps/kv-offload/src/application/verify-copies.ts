import { crc32 } from 'node:zlib';
import type { kvnodeV1 } from '@penstock/contracts';
import { ObjectStoreError } from '@penstock/core/ports';
import {
  type ChunkLedger,
  type CopyView,
  type Place,
  placeName,
  type StorageTier,
} from '@penstock/core/tiering';
import type { KvNodeClient } from './kv-node-client.js';
import type { NodeFleet } from './node-fleet.js';
import { nodeTier } from './node-tiers.js';
import type { ObjectTier } from './object-tier.js';

export interface VerifyProblem {
  readonly path: string;
  readonly place: Place;
  readonly problem: string;
}

export interface Verification {
  checked: number;
  intact: number;
  moved: number;
  readonly problems: VerifyProblem[];
}

export interface VerifyWish {
  readonly tier: StorageTier | undefined;
  /** Undefined: all. */
  readonly node: string | undefined;
  /** Most copies per place; 0 = all. */
  readonly limit: number;
}

interface Checked {
  readonly path: string;
  readonly copy: CopyView;
}

const MAX_PROBLEMS = 1_000;
/** Copies per call: one that takes too long fails. */
const BATCH = 64;

/** Has valid copies read back where they are. A copy that was moved or removed meanwhile is no problem. */
export class CopyVerifier {
  constructor(
    private readonly ledger: ChunkLedger,
    private readonly fleet: NodeFleet,
    private readonly objects: ObjectTier | undefined,
  ) {}

  async verify({ tier, node, limit }: VerifyWish): Promise<Verification> {
    const result: Verification = { checked: 0, intact: 0, moved: 0, problems: [] };
    const places = this.ledger.allPlaces().filter((place) => {
      return (tier === undefined || place.tier === tier) && (node === undefined || place.node === node);
    });
    for (const place of places) {
      const copies = this.validAt(place, limit);
      for (let at = 0; at < copies.length; at += BATCH) {
        await this.verifyBatch(place, copies.slice(at, at + BATCH), result);
      }
    }
    return result;
  }

  private validAt(place: Place, limit: number): Checked[] {
    const copies: Checked[] = [];
    for (const path of this.ledger.oldestFirst(place)) {
      if (limit > 0 && copies.length >= limit) break;
      const copy = this.ledger.copy(path, place);
      if (copy?.state === 'valid' || copy?.state === 'reading') copies.push({ path, copy });
    }
    return copies;
  }

  private async verifyBatch(place: Place, copies: readonly Checked[], result: Verification): Promise<void> {
    const problems = await this.read(place, copies).catch(() => copies.map(() => 'unreadable'));
    for (const [i, { path, copy }] of copies.entries()) {
      result.checked++;
      const problem = problems[i] ?? 'unreadable';
      const now = this.ledger.copy(path, place);
      const stays = now?.generation === copy.generation && now.state !== 'deleting';
      if (problem === '') result.intact++;
      else if (!stays) result.moved++;
      else if (result.problems.length < MAX_PROBLEMS) result.problems.push({ path, place, problem });
    }
  }

  private async read(place: Place, copies: readonly Checked[]): Promise<string[]> {
    const client = place.node === undefined ? this.anyNode() : this.fleet.get(place.node)?.client;
    if (client) return await client.verify(copies.map((each) => copyRef(place, each)));
    if (place.node !== undefined) throw new Error(`${placeName(place)} cannot be read`);
    const { objects } = this;
    if (!objects) throw new Error('there is no S3');
    return await Promise.all(copies.map((each) => readObject(objects, each)));
  }

  private anyNode(): KvNodeClient | undefined {
    return this.fleet.all().find(({ client }) => client)?.client;
  }
}

function copyRef(place: Place, { path, copy }: Checked): kvnodeV1.CopyRef {
  return { path, tier: nodeTier(place.tier), sizeBytes: String(copy.sizeBytes), crc32: copy.crc32 };
}

async function readObject({ store }: ObjectTier, { path, copy }: Checked): Promise<string> {
  try {
    const { body } = await store.get(path);
    let [sum, sizeBytes] = [0, 0];
    for await (const part of body) {
      sum = crc32(part, sum);
      sizeBytes += part.length;
    }
    if (sizeBytes !== copy.sizeBytes) return 'size';
    return sum === copy.crc32 ? '' : 'checksum';
  } catch (error) {
    const code = error instanceof ObjectStoreError ? error.code : undefined;
    if (code === 'not-found') return 'missing';
    return code === 'checksum' || code === 'size' ? code : 'unreadable';
  }
}
