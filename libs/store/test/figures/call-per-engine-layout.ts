import type { StoredDelta } from '@penstock/core/ports';
import { Redis } from 'ioredis';
import { packDelta } from '../../src/packing/delta-record.js';
import { EngineCommands } from '../../src/redis/engine-commands.js';
import { engineKeys } from '../../src/redis/redis-keys.js';
import { type ScriptClient, ScriptRunner } from '../../src/redis/script-runner.js';
import { PackedLayout } from './packed-layout.js';

const TTL_MS = 3_600_000;

/** The packed log without folding, with a script call per engine; calls of a tick travel together. */
export class CallPerEngineLayout extends PackedLayout {
  private readonly client: Redis;
  private readonly commands: EngineCommands;

  constructor(url: string) {
    super(url);
    this.client = new Redis(url, { enableAutoPipelining: true });
    this.commands = new EngineCommands(new ScriptRunner(this.client as unknown as ScriptClient, () => {}));
  }

  override async write(deltas: readonly StoredDelta[]): Promise<void> {
    await Promise.all(
      deltas.map((delta) => {
        const keys = engineKeys('ns', 'pool', delta.engineId);
        return this.commands.append([{ ...delta, keys, record: packDelta(delta) }], TTL_MS);
      }),
    );
  }

  override async close(): Promise<void> {
    await this.client.quit();
    await super.close();
  }
}
