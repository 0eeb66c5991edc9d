import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { KV_EVENTS_FILE, type VllmRelease } from './releases.js';

const run = promisify(execFile);
const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** A virtual environment with what vLLM's publisher needs; returns its Python. */
export async function pythonFor(folder: string): Promise<string> {
  const environment = join(folder, 'venv');
  await run('python3', ['-m', 'venv', environment]);
  const python = join(environment, 'bin/python');
  const requirements = join(FOLDER, 'requirements.txt');
  await run(python, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements]);
  return python;
}

/** A release's own source of its publisher, unchanged, from the cache or from PyPI. */
export async function publisherSource(python: string, release: VllmRelease): Promise<string> {
  const { XDG_CACHE_HOME, HOME } = process.env;
  const cache = join(XDG_CACHE_HOME || join(HOME || homedir(), '.cache'), 'penstock', 'vllm');
  const file = join(cache, `kv_events-${release.version}-${release.sha256.slice(0, 16)}.py`);
  if (!existsSync(file)) {
    mkdirSync(cache, { recursive: true });
    const script = join(FOLDER, 'fetch_source.py');
    await run(python, ['-B', script, release.wheel, KV_EVENTS_FILE, release.sha256, file]);
  }
  return file;
}

export interface PublisherOptions {
  /** Default: any free port of the loopback device, bound. */
  readonly endpoint?: string;
  readonly topic?: string;
}

/** vLLM's `ZmqEventPublisher` in a process of its own. */
export class VllmPublisher {
  private constructor(
    private readonly child: ChildProcess,
    readonly endpoint: string,
    readonly replayEndpoint: string,
  ) {}

  static async start(python: string, source: string, options: PublisherOptions = {}): Promise<VllmPublisher> {
    // vLLM binds what has a star, and connects to the rest.
    const anyPort = 'tcp://127.0.0.1:*';
    const { endpoint = anyPort, topic = '' } = options;
    const child = spawn(python, ['-B', join(FOLDER, 'publish.py'), source, endpoint, anyPort, topic], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const failed = once(child, 'exit').then(([code]) => {
      throw new Error(`vLLM's publisher ended with code ${code} before it was ready; see its output above`);
    });
    const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), failed]);
    failed.catch(() => undefined);
    const bound = JSON.parse(line);
    return new VllmPublisher(child, bound.endpoint, bound.replayEndpoint);
  }

  /** Publishes one batch; `events` name vLLM's structs and their fields. */
  publish(events: readonly object[]): void {
    this.child.stdin?.write(`${JSON.stringify(events)}\n`);
  }

  /** Kills the process, as an engine dies. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}
