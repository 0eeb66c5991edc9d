import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerProcess } from './server-process.js';

/** What a starter must know: how to start the server on a port (undefined: any free one). */
export interface ServerRecipe {
  start(port: number | undefined): Promise<{ process: ServerProcess; port: number }>;
  /** Removes what the server stored, for a restart with nothing left. */
  wipe(): void;
}

/** A real server of a test: own data, own port, stopped by its pid. */
export class ManagedServer {
  private constructor(
    private readonly recipe: ServerRecipe,
    private readonly scheme: string,
    private readonly ownFolder: string | undefined,
    readonly dataDir: string,
    private current: ServerProcess,
    /** TCP port on 127.0.0.1; the same over restarts. */
    readonly port: number,
  ) {}

  /** Starts a server whose data lives in `dataDir`, or in a new temporary folder removed by `stop`. */
  static async start(
    scheme: string,
    dataDir: string | undefined,
    port: number | undefined,
    makeRecipe: (dataDir: string) => ServerRecipe,
  ): Promise<ManagedServer> {
    const own = dataDir === undefined ? mkdtempSync(join(tmpdir(), `penstock-${scheme}-`)) : undefined;
    const folder = dataDir ?? own ?? '';
    const recipe = makeRecipe(folder);
    try {
      const started = await recipe.start(port);
      return new ManagedServer(recipe, scheme, own, folder, started.process, started.port);
    } catch (error) {
      if (own) rmSync(own, { recursive: true, force: true });
      throw error;
    }
  }

  /** `nats://127.0.0.1:<port>` or `redis://127.0.0.1:<port>`. */
  get url(): string {
    return `${this.scheme}://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.current.pid;
  }

  get output(): string {
    return this.current.output;
  }

  pause(): void {
    this.current.pause();
  }

  resume(): void {
    this.current.resume();
  }

  /** SIGKILL, as a crash; `restart` brings it back. */
  async kill(): Promise<void> {
    await this.current.kill();
  }

  /** Ends it (SIGKILL when it still runs) and starts it on the same port and data; `wipe` loses the data. */
  async restart(options: { readonly wipe?: boolean } = {}): Promise<void> {
    await this.current.kill();
    if (options.wipe) this.recipe.wipe();
    this.current = (await this.recipe.start(this.port)).process;
  }

  /** Ends it and removes its temporary folder. */
  async stop(): Promise<void> {
    await this.current.stop();
    if (this.ownFolder) rmSync(this.ownFolder, { recursive: true, force: true });
  }
}
