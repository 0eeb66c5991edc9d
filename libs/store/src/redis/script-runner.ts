import { createHash } from 'node:crypto';
import { REDIS_SCRIPTS, type RedisScriptName } from './redis-scripts.js';

type Argument = string | number | Buffer;

/** The part of a Redis or Cluster client that runs scripts. */
export interface ScriptClient {
  evalshaBuffer(sha1: string, keyCount: number, ...args: Argument[]): Promise<unknown>;
  evalBuffer(script: string, keyCount: number, ...args: Argument[]): Promise<unknown>;
}

/**
 * Runs scripts by their hash. A server that has forgotten them (restart, failover, SCRIPT FLUSH) gets the text
 * once more: nothing about the server's memory is assumed between two calls.
 */
export class ScriptRunner {
  private readonly hashes = new Map(
    Object.entries(REDIS_SCRIPTS).map(([name, text]) => [
      name,
      createHash('sha1').update(text).digest('hex'),
    ]),
  );

  constructor(
    private readonly client: ScriptClient,
    private readonly onReload: () => void,
  ) {}

  /** Answers in Buffers; numbers stay numbers. */
  async run(name: RedisScriptName, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    try {
      return await this.client.evalshaBuffer(this.hashes.get(name) ?? '', keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
      this.onReload();
      return await this.client.evalBuffer(REDIS_SCRIPTS[name], keys.length, ...keys, ...args);
    }
  }
}
