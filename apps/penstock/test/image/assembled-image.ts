import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../src/suite/workspace.js';

/** User and group of the image. */
const IMAGE_ID = 10001;
const isRoot = process.getuid?.() === 0;

/**
 * The files of the image in a temporary folder, put there by the script that the Dockerfile runs, and its programs run
 * as in a container: nothing of the repository in reach, as the image's user where the test may change users, with code
 * that cannot be written, and with the environment of the image alone.
 */
export class AssembledImage {
  readonly app: string;
  /** Stands for /var/lib/penstock. */
  readonly state: string;
  private readonly nodeFolder: string;
  private readonly running = new Set<ChildProcess>();

  private constructor(private readonly folder: string) {
    this.app = join(folder, 'app');
    this.state = join(folder, 'state');
    this.nodeFolder = join(folder, 'node');
  }

  static create(): AssembledImage {
    const folder = mkdtempSync(join(tmpdir(), 'penstock-image-'));
    chmodSync(folder, 0o755);
    const image = new AssembledImage(folder);
    const script = join(ROOT, 'deploy/image/assemble.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, image.app, '--link'], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`assemble.mjs ended with ${status}: ${stderr}`);
    mkdirSync(image.nodeFolder);
    placeNode(join(image.nodeFolder, 'node'));
    mkdirSync(image.state);
    if (isRoot) chownSync(image.state, IMAGE_ID, IMAGE_ID);
    else for (const path of foldersOf(image.app)) chmodSync(path, 0o555);
    return image;
  }

  /** Names of the programs in /app/bin. */
  programs(): string[] {
    return readdirSync(join(this.app, 'bin')).sort();
  }

  private get environment(): Record<string, string> {
    const path = [join(this.app, 'bin'), this.nodeFolder, '/usr/bin', '/bin'].join(':');
    return { NODE_ENV: 'production', PATH: path, HOME: this.state };
  }

  /** Starts a program of the image; its output goes to `onOutput`, `env` is added to the image's environment. */
  spawn(
    name: string,
    args: readonly string[],
    onOutput: (text: string) => void,
    env: Readonly<Record<string, string>> = {},
  ): ChildProcess {
    const child = spawn(join(this.app, 'bin', name), args, {
      cwd: this.state,
      env: { ...this.environment, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(isRoot ? { uid: IMAGE_ID, gid: IMAGE_ID } : {}),
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => onOutput(String(chunk)));
    child.once('error', (error) => onOutput(String(error)));
    this.running.add(child);
    child.once('close', () => this.running.delete(child));
    return child;
  }

  /** Runs a program to its end. */
  run(
    name: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ code: number | null; output: string }> {
    let output = '';
    const onOutput = (text: string) => {
      output += text;
    };
    const child = this.spawn(name, args, onOutput, env);
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
  }

  /** Ends what still runs, and removes the folder. */
  async dispose(): Promise<void> {
    await Promise.all(
      [...this.running].map((child) => {
        const ended = new Promise((resolve) => child.once('close', resolve));
        child.kill('SIGKILL');
        return ended;
      }),
    );
    if (!isRoot) for (const path of foldersOf(this.app)) chmodSync(path, 0o755);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Node itself, where the image's user reaches it. */
function placeNode(target: string): void {
  try {
    linkSync(process.execPath, target);
  } catch {
    copyFileSync(process.execPath, target);
  }
  chmodSync(target, 0o755);
}

function foldersOf(folder: string): string[] {
  const inside = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [folder, ...inside.flatMap(({ name }) => foldersOf(join(folder, name)))];
}
