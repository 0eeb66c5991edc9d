import type { ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PortChooser } from '../../src/suite/ports.js';
import { waitUntil } from '../../src/suite/wait-until.js';
import type { AssembledImage } from '../image/assembled-image.js';
import {
  type ComposeFile,
  type ComposeService,
  listenersOf,
  OWN_IMAGE,
  ownServices,
} from './compose-file.js';

const PATIENCE_MS = 120_000;
const CHECK_INTERVAL_MS = 1000;

/** Addresses of the containers that are not of our image, as other containers name them: `nats:4222`. */
export type ForeignAddresses = Readonly<Record<string, string>>;

/**
 * Runs the services of docker-compose.yml that are of our image, as the file says, from the image in a folder: the
 * same commands and environment, in the order of `depends_on`, healthy when their health checks say so. What only
 * containers have is replaced, in manifests too: paths, ports by free ones, the range of the pods' addresses, names of
 * other containers, and 0.0.0.0 by loopback.
 */
export class ComposeRun {
  private readonly processes = new Map<string, ChildProcess>();
  private readonly output = new Map<string, string>();
  private readonly ports = new Map<number, number>();
  private readonly podCidr = `127.${randomInt(21, 250)}.${randomInt(0, 256)}.0/24`;

  constructor(
    private readonly file: ComposeFile,
    private readonly image: AssembledImage,
    private readonly foreign: ForeignAddresses,
  ) {}

  async start(): Promise<void> {
    const chooser = new PortChooser();
    for (const [name, service] of ownServices(this.file)) {
      for (const port of listenersOf(service)) this.ports.set(port, await chooser.choose(name, 0));
    }
    await chooser.release();
    const waiting = new Map(ownServices(this.file).filter(([, { command }]) => command[0] !== 'sleep'));
    const done = new Set<string>();
    while (waiting.size > 0) {
      const next = [...waiting].filter(([, service]) =>
        Object.keys(service.depends_on ?? {}).every((name) => done.has(name) || this.isForeign(name)),
      );
      if (next.length === 0) throw new Error(`depends_on goes in circles: ${[...waiting.keys()]}`);
      await Promise.all(next.map(([name, service]) => this.startOne(name, service)));
      for (const [name] of next) {
        waiting.delete(name);
        done.add(name);
      }
    }
  }

  /** The free port that stands for one of the file. */
  port(listener: number): number {
    const port = this.ports.get(listener);
    if (port === undefined) throw new Error(`nothing in docker-compose.yml listens on port ${listener}`);
    return port;
  }

  /** The command of a service as it is run here. */
  command(service: ComposeService): string[] {
    return service.command.map((word) => this.manifest(this.substitute(word)));
  }

  environment(service: ComposeService): Record<string, string> {
    const entries = Object.entries(service.environment ?? {});
    return Object.fromEntries(entries.map(([name, value]) => [name, this.substitute(value)]));
  }

  /** Ends every service with SIGTERM, those started last first. @returns exit codes by service */
  async stop(): Promise<Record<string, number | null>> {
    const codes: Record<string, number | null> = {};
    for (const [name, child] of [...this.processes].reverse()) {
      const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      codes[name] = child.exitCode ?? (await ended);
    }
    return codes;
  }

  private isForeign(name: string): boolean {
    return !this.file.services[name]?.image.startsWith(OWN_IMAGE);
  }

  private async startOne(name: string, service: ComposeService): Promise<void> {
    const [program = '', ...args] = this.command(service);
    const said = (text: string) => this.output.set(name, ((this.output.get(name) ?? '') + text).slice(-2000));
    const child = this.image.spawn(program, args, said, this.environment(service));
    this.processes.set(name, child);
    const check = service.healthcheck?.test;
    const failed = new AbortController();
    child.once('close', (code) => {
      if (check || code !== 0)
        failed.abort(new Error(`${name} ended with ${code}: ${this.output.get(name)}`));
    });
    const isUp = async (): Promise<boolean> => {
      if (!check) return child.exitCode === 0;
      const [tool = '', ...words] = check.slice(1).map((word) => this.substitute(word));
      const { code, output } = await this.image.run(tool, words);
      if (code === 0) return true;
      // Each check is a process: too many of them slow down what they wait for.
      await sleep(CHECK_INTERVAL_MS);
      throw new Error(`${output}\n${this.output.get(name)}`);
    };
    await waitUntil(`${name} of docker-compose.yml`, isUp, PATIENCE_MS, failed.signal);
  }

  /** A manifest of the image names addresses as well: a copy with those of this run stands for it. */
  private manifest(word: string): string {
    if (!word.startsWith(this.image.app) || !word.endsWith('.yaml')) return word;
    const copy = join(this.image.state, basename(word));
    writeFileSync(copy, this.substitutePorts(readFileSync(word, 'utf8')));
    return copy;
  }

  private substitute(text: string): string {
    let result = text
      .replace('/var/lib/penstock', this.image.state)
      .replace('/app/', `${this.image.app}/`)
      .replace('0.0.0.0', '127.0.0.1')
      .replace(/127\.20\.0\.0\/16/, this.podCidr);
    for (const [name, address] of Object.entries(this.foreign))
      result = result.replace(`//${name}`, `//${address}`);
    return this.substitutePorts(result);
  }

  private substitutePorts(text: string): string {
    return text.replace(/(?<=--[a-z-]*port=|127\.0\.0\.1:)\d+\b/g, (port) =>
      String(this.ports.get(Number(port)) ?? port),
    );
  }
}
