import { probeModels, scrapeEngine } from '@penstock/engine';
import { Agent } from 'undici';
import type { EngineFigures, EngineModels, EngineProbe } from './engine-probe.js';

/** Engines asked over HTTP on connections of their own, so that probes never wait behind requests. */
export class HttpEngineProbe implements EngineProbe {
  private readonly agent: Agent;

  constructor(private readonly timeoutMs: number) {
    this.agent = new Agent({
      connections: 1,
      pipelining: 1,
      connect: { timeout: timeoutMs },
      keepAliveTimeout: 4000,
    });
  }

  async scrape(address: string): Promise<EngineFigures> {
    const {
      waiting,
      running,
      kvUsage,
      blockSize = 0,
      blockCount = 0,
    } = await scrapeEngine(address, {
      timeoutMs: this.timeoutMs,
      dispatcher: this.agent,
    });
    return { waiting, running, kvUsage, blockSize, kvCapacityTokens: blockSize * blockCount };
  }

  async models(address: string): Promise<EngineModels> {
    const models = await probeModels(address, { timeoutMs: this.timeoutMs, dispatcher: this.agent });
    const adapters = new Set(models.loras.map((lora) => lora.name));
    return { baseModel: models.baseModel, names: new Set([...models.baseNames, ...adapters]), adapters };
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }
}
