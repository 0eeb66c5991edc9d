import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, fetch } from 'undici';

export interface ClusterAnswer {
  readonly status: number;
  readonly text: string;
  /** `Warning` headers: what the server did not do although it carried the request out. */
  readonly warnings: readonly string[];
}

/**
 * Plain HTTP to the server of a kubeconfig, with its certificate authority and its token or client certificate: for
 * what the typed client cannot say.
 */
export class ClusterHttp {
  readonly server: string;
  private readonly agent: Agent;
  private readonly authorization: Readonly<Record<string, string>>;

  /** Takes the current context. Data must be inline: files named by the kubeconfig are not read. */
  constructor(config: KubeConfig) {
    const cluster = config.getCurrentCluster();
    const user = config.getCurrentUser();
    this.server = cluster?.server ?? '';
    this.agent = new Agent({
      connect: {
        ca: decode(cluster?.caData),
        cert: decode(user?.certData),
        key: decode(user?.keyData),
        rejectUnauthorized: !cluster?.skipTLSVerify,
      },
    });
    this.authorization = user?.token ? { authorization: `Bearer ${user.token}` } : {};
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
