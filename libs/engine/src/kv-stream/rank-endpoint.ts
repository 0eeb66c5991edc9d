/**
 * Endpoint of one data-parallel rank of an engine: vLLM adds the rank to the port (`offset_endpoint_port`).
 *
 * @param endpoint of rank 0, such as `tcp://10.0.0.7:5557`
 */
export function rankEndpoint(endpoint: string, rank: number): string {
  const match = /^(tcp:\/\/.+):(\d+)$/.exec(endpoint);
  if (!match) {
    throw new Error(`an engine's event endpoint is tcp://<address>:<port>, got ${endpoint}`);
  }
  return `${match[1]}:${Number(match[2]) + rank}`;
}
