import { probeModels, scrapeEngine } from '@penstock/engine';
import { Agent } from 'undici';
import type { EngineIdentity, EngineProbe } from '../application/engine-stream.js';

/** Asks engines over HTTP: `/v1/models` for the model, `/metrics` for the block size. */
export class HttpEngineProbe implements EngineProbe {
  private readonly agent = new Agent({ keepAliveTimeout: 1_000, connections: 1 });

  async identify(address: string, signal: AbortSignal): Promise<EngineIdentity> {
    const options = { signal, dispatcher: this.agent };
    const { baseModel } = await probeModels(address, options);
    // The events tell the block size too: an engine without metrics is followed all the same.
    const metrics = await scrapeEngine(address, options).catch(() => undefined);
    return { model: baseModel, blockSize: metrics?.blockSize ?? 0 };
  }

  close(): Promise<void> {
    return this.agent.close();
  }
}
