import type { ClusterAnswer, ClusterHttp } from './cluster-http.js';
import { nodeObject } from './node-object.js';
import type { TestNode } from './test-cluster.js';

/** Creates a node, then reports its resources and readiness as its kubelet would. @throws Error with the refusal */
export async function addNode(http: ClusterHttp, node: TestNode): Promise<void> {
  const { status, ...object } = nodeObject(node);
  expectWritten(await http.request('POST', '/api/v1/nodes', object), node.name);
  const type = { 'content-type': 'application/merge-patch+json' };
  const path = `/api/v1/nodes/${node.name}/status`;
  expectWritten(await http.request('PATCH', path, { status }, type), node.name);
}

function expectWritten({ status, text }: ClusterAnswer, name: string): void {
  if (status >= 300) throw new Error(`node ${name} was not written (${status}): ${text}`);
}
