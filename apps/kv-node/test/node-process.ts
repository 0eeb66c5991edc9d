import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** The built kv-node as a process of its own, to be killed. */
export class NodeProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly grpcPort: number,
  ) {}

  /** @throws Error with what it printed when it does not become ready */
  static async start(flags: readonly string[]): Promise<NodeProcess> {
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run \`npm run build\` first`);
    const child = spawn(process.execPath, [MAIN, ...flags, '--grpc-port=0', '--metrics-port=0'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (text) => {
      errors += String(text);
    });
    const lines = createInterface(child.stdout);
    const port = await new Promise<number>((resolve, reject) => {
      lines.on('line', (line) => {
        const { msg, addresses } = JSON.parse(line) as { msg: string; addresses?: { grpc: number } };
        if (msg === 'ready' && addresses) resolve(addresses.grpc);
      });
      child.once('exit', (code) => reject(new Error(`kv-node ended with ${code}: ${errors}`)));
    });
    return new NodeProcess(child, port);
  }

  async signal(signal: NodeJS.Signals): Promise<number | string> {
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    const [code, by] = (await ended) as [number | null, string | null];
    return code ?? by ?? '';
  }
}
