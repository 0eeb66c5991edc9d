import { isIP } from 'node:net';

/** What a topic says of who publishes. Data, never proof: anyone can write any topic. */
export type KvTopic =
  /** `kv@<pod>@<model>`, the pod as its name, its address, or `<address>:<port>`. */
  | {
      readonly source: 'pod';
      readonly pod: string;
      readonly model: string;
      /** Of a pod written as address and port: an IP address without brackets. */
      readonly address?: string;
      readonly port?: number;
    }
  /** `kv@SHARED_STORAGE@<model>`, `kv@OBJECT_STORE@<model>`: storage that belongs to no pod. */
  | { readonly source: 'storage'; readonly medium: 'SHARED_STORAGE' | 'OBJECT_STORE'; readonly model: string }
  /** Anything else: vLLM's topic is whatever its configuration says, empty by default. */
  | { readonly source: 'text'; readonly text: string };

const ADDRESS_AND_PORT = /^(?:\[([0-9a-f:.]+)\]|([0-9a-f:.]+)):(\d{1,5})$/i;
const MAX_PORT = 65_535;

/** Reads a topic by llm-d's convention: exactly three parts between `@`, the first of them `kv`. */
export function parseKvTopic(topic: string): KvTopic {
  const parts = topic.split('@');
  const [prefix, pod, model] = parts;
  if (parts.length !== 3 || prefix !== 'kv' || !pod || model === undefined) {
    return { source: 'text', text: topic };
  }
  if (pod === 'SHARED_STORAGE' || pod === 'OBJECT_STORE') {
    return { source: 'storage', medium: pod, model };
  }
  const [, bracketed, plain, digits] = ADDRESS_AND_PORT.exec(pod) ?? [];
  const address = bracketed ?? plain;
  const port = Number(digits);
  return address !== undefined && isIP(address) !== 0 && port > 0 && port <= MAX_PORT
    ? { source: 'pod', pod, model, address, port }
    : { source: 'pod', pod, model };
}
