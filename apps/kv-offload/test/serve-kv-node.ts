import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { kvnodeV1 } from '@penstock/contracts';
import { protoPath, protoRoot } from '@penstock/platform';
import type { FakeKvNode } from './fake-kv-node.js';

export interface ServedKvNode {
  readonly port: number;
  /** Ends all connections at once. */
  stop(): void;
}

type Done = sendUnaryData<object>;

/** A fake kv-node behind the real protocol. @param port 0 = any free port */
export async function serveKvNode(node: FakeKvNode, port = 0): Promise<ServedKvNode> {
  const client = node.connect();
  const options = { keepCase: false, longs: String, enums: String, defaults: true, oneofs: true };
  const definition = loadSync(protoPath('kvnode'), { ...options, includeDirs: [protoRoot()] });
  const service = definition['penstock.kvnode.v1.KvNodeService'];
  const unary =
    <R>(answer: (request: R) => Promise<object>) =>
    (call: ServerUnaryCall<R, object>, done: Done) => {
      answer(call.request).then(
        (response) => done(null, response),
        (error: Error) => done(error),
      );
    };
  const server = new Server();
  server.addService(service as never, {
    WatchInventory: (call: ServerWritableStream<object, object>) => {
      const ended = new AbortController();
      call.on('cancelled', () => ended.abort());
      const forward = async () => {
        for await (const message of client.watch(ended.signal)) call.write(message);
      };
      forward().catch(() => call.end());
    },
    Adopt: unary(async ({ chunks }: kvnodeV1.AdoptRequest) => ({ results: await client.adopt(chunks) })),
    Move: unary(async ({ moves }: kvnodeV1.MoveRequest) => ({ results: await client.move(moves) })),
    Verify: unary(async ({ copies }: kvnodeV1.VerifyRequest) => ({ problems: await client.verify(copies) })),
    Stats: unary(async () => ({ node: node.node, tiers: [], alone: false })),
  });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, got) =>
      error ? reject(error) : resolve(got),
    );
  });
  return {
    port: bound,
    stop: () => {
      client.close();
      server.forceShutdown();
    },
  };
}
