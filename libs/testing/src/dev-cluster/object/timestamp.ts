/** Now as Kubernetes writes `Time`: RFC 3339 in UTC with whole seconds. */
export function timestamp(atMs: number = Date.now()): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}
