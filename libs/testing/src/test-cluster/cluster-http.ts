import { Agent, fetch } from 'undici';
import { parse } from 'yaml';

/** The parts of a kubeconfig that are read here; data must be inline, files it names are not read. */
interface Kubeconfig {
  readonly clusters: readonly {
    readonly cluster: {
      readonly server: string;
      readonly 'certificate-authority-data'?: string;
      readonly 'insecure-skip-tls-verify'?: boolean;
    };
  }[];
  readonly users: readonly {
    readonly user: {
      readonly token?: string;
      readonly 'client-certificate-data'?: string;
      readonly 'client-key-data'?: string;
    };
  }[];
}

export interface ClusterAnswer {
  readonly status: number;
  readonly text: string;
  /** `Warning` headers: what the server did not do although it carried the request out. */
  readonly warnings: readonly string[];
}

/**
 * Plain HTTP to the server of a kubeconfig, with its certificate authority and its token or client certificate: for
 * what the typed client cannot say, and without the 50 MB and more that loading it costs.
 */
export class ClusterHttp {
  readonly server: string;
  private readonly agent: Agent;
  private readonly authorization: Readonly<Record<string, string>>;

  /**
   * @param kubeconfig YAML with one cluster and one user, as test clusters write it
   * @throws Error when it has none
   */
  constructor(kubeconfig: string) {
    const { clusters, users } = parse(kubeconfig) as Kubeconfig;
    const cluster = clusters?.[0]?.cluster;
    if (!cluster) throw new Error('the kubeconfig names no cluster');
    const user = users?.[0]?.user ?? {};
    this.server = cluster.server;
    this.agent = new Agent({
      connect: {
        ca: decode(cluster['certificate-authority-data']),
        cert: decode(user['client-certificate-data']),
        key: decode(user['client-key-data']),
        rejectUnauthorized: cluster['insecure-skip-tls-verify'] !== true,
      },
    });
    this.authorization = user.token ? { authorization: `Bearer ${user.token}` } : {};
  }

  /** @param body sent as it is when text or bytes, as JSON otherwise; not at all when undefined */
  async request(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ClusterAnswer> {
    const answer = await fetch(this.server + path, {
      method,
      headers: { 'content-type': 'application/json', ...this.authorization, ...headers },
      dispatcher: this.agent,
      ...(body === undefined ? {} : { body: isRaw(body) ? body : JSON.stringify(body) }),
    });
    const warnings = answer.headers.get('warning')?.split(/, (?=299 )/) ?? [];
    return { status: answer.status, text: await answer.text(), warnings };
  }

  /** Ends its connections. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }
}

const isRaw = (body: unknown): body is string | Uint8Array<ArrayBuffer> =>
  typeof body === 'string' || body instanceof Uint8Array;

const decode = (base64: string | undefined): Buffer | undefined =>
  base64 === undefined ? undefined : Buffer.from(base64, 'base64');
