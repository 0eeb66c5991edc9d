import { readFileSync } from 'node:fs';
import { ServerProcess, untilReady } from '../../servers/server-process.js';
import { freePort } from '../../servers/start-redis.js';
import { ClusterHttp } from '../cluster-http.js';
import { compactEtcd } from './compact-etcd.js';
import {
  apiServerCommand,
  controllerManagerCommand,
  etcdCommand,
  kwokCommand,
  schedulerCommand,
} from './kube-commands.js';
import { KubeFiles } from './kube-files.js';

const START_TIMEOUT_MS = 60_000;
/** Another process may take a free port between the look and the start. */
const PORT_ATTEMPTS = 5;

/** The processes of one real cluster, with all their files in one folder. */
export class KubeServers {
  private readonly files: KubeFiles;
  private readonly followers: ServerProcess[] = [];
  private etcd: ServerProcess | undefined;
  private api: ServerProcess | undefined;
  private etcdPort = 0;
  private port = 0;
  private config = '';

  constructor(folder: string) {
    this.files = new KubeFiles(folder);
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  get kubeconfig(): string {
    return this.config;
  }

  get kubeconfigPath(): string {
    return this.files.kubeconfig;
  }

  get auditLogPath(): string {
    return this.files.auditLog;
  }

  /** Resolves when the API is ready. @throws Error with the output of the server that is not */
  async start(): Promise<void> {
    this.files.prepare();
    const followers = [controllerManagerCommand, schedulerCommand, kwokCommand].map((make) =>
      make(this.files),
    );
    await onFreePort((port) => this.startEtcd(port));
    await onFreePort((port) => this.startApiOn(port));
    for (const command of followers) this.followers.push(new ServerProcess(command));
  }

  async killApi(): Promise<void> {
    await this.api?.kill();
  }

  async startApi(): Promise<void> {
    if (!this.api?.alive) await this.startApiOn(this.port);
  }

  compact(): Promise<void> {
    return compactEtcd(this.etcdPort);
  }

  /** Nothing is kept, so nothing is waited for. */
  async stop(): Promise<void> {
    const all = [...this.followers, this.api, this.etcd];
    await Promise.all(all.map((server) => server?.kill()));
  }

  private async startEtcd(port: number): Promise<void> {
    const etcd = new ServerProcess(etcdCommand(this.files, port, await freePort()));
    this.etcd = etcd;
    this.etcdPort = port;
    const healthy = async () => ((await fetch(`http://127.0.0.1:${port}/health`)).ok ? true : undefined);
    await untilReady(etcd, healthy, START_TIMEOUT_MS);
  }

  private async startApiOn(port: number): Promise<void> {
    const api = new ServerProcess(apiServerCommand(this.files, port, this.etcdPort));
    this.api = api;
    this.port = port;
    await untilReady(api, () => this.answers(), START_TIMEOUT_MS);
  }

  /** Only our own server takes our token and shows the certificate in our folder. */
  private async answers(): Promise<true | undefined> {
    this.config = this.files.writeKubeconfig(this.url, readFileSync(this.files.certificate));
    const http = new ClusterHttp(this.config);
    try {
      // The default namespace is made a little after the server calls itself ready.
      for (const path of ['/readyz', '/api/v1/namespaces/default']) {
        if ((await http.request('GET', path)).status !== 200) return undefined;
      }
      return true;
    } finally {
      await http.close();
    }
  }
}

async function onFreePort(start: (port: number) => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (attempt === PORT_ATTEMPTS || !/address already in use/i.test((error as Error).message)) throw error;
    }
  }
}
