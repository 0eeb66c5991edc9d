import { get } from 'node:http';
import { connect } from 'node:net';
import type { JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { type ContainerSpec, listOf } from './pod-spec.js';

/** Undefined when the container is well, else what is wrong. */
export type ProbeResult = string | undefined;

/**
 * Asks a container once, by HTTP GET (200–399 is well) or TCP connect.
 *
 * @param probe a core/v1 Probe with its defaults filled in
 */
export async function runProbe(
  probe: JsonObject,
  container: ContainerSpec,
  podIp: string,
): Promise<ProbeResult> {
  const timeoutMs = Number(probe['timeoutSeconds'] ?? 1) * 1000;
  const { httpGet, tcpSocket } = probe;
  if (isObject(httpGet)) return probeHttp(httpGet, container, podIp, timeoutMs);
  if (isObject(tcpSocket)) return probeTcp(portOf(tcpSocket['port'], container), podIp, timeoutMs);
  return 'the simulated kubelet knows httpGet and tcpSocket probes only';
}

function probeHttp(
  action: JsonObject,
  container: ContainerSpec,
  podIp: string,
  timeoutMs: number,
): Promise<ProbeResult> {
  const port = portOf(action['port'], container);
  const headers = Object.fromEntries(
    listOf(action['httpHeaders']).map((h) => [String(h['name']), String(h['value'])]),
  );
  return new Promise((resolve) => {
    const request = get(
      {
        host: String(action['host'] ?? podIp),
        port,
        path: String(action['path'] ?? '/'),
        headers: { 'user-agent': 'kube-probe/1.36', ...headers },
        agent: false,
        timeout: timeoutMs,
      },
      (response) => {
        response.resume();
        const code = response.statusCode ?? 0;
        resolve(code >= 200 && code < 400 ? undefined : `HTTP probe failed with statuscode: ${code}`);
      },
    );
    request.once('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    request.once('error', (error) => resolve(`Get "http://${podIp}:${port}": ${error.message}`));
  });
}

function probeTcp(port: number, podIp: string, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect({ host: podIp, port, timeout: timeoutMs });
    const finish = (result: ProbeResult): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => finish(undefined));
    socket.once('timeout', () => finish(`dial tcp ${podIp}:${port}: i/o timeout`));
    socket.once('error', (error) => finish(`dial tcp ${podIp}:${port}: ${error.message}`));
  });
}

/** A port by number, or by the name of one of the container's ports. */
function portOf(port: unknown, container: ContainerSpec): number {
  if (typeof port === 'number') return port;
  const named = listOf(container['ports']).find((p) => p['name'] === port);
  return Number(named?.['containerPort'] ?? port);
}
