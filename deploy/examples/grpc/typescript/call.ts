// Lists the methods of a gRPC server, or calls one with JSON, without any of its protos. Fields have their names in the
// protos.
//   node call.ts 127.0.0.1:9102
//   node call.ts 127.0.0.1:9102 penstock.kvindex.v1.KvIndexService/ListEngines '{"pool_namespace": "penstock"}'
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { ServiceDefinition } from '@grpc/proto-loader';
import { describeService, listServices } from './reflection.ts';

const DEADLINE_MS = 10_000;

async function definitionOf(address: string, service: string): Promise<ServiceDefinition> {
  const definition = (await describeService(address, service))[service];
  if (!definition || 'format' in definition) throw new Error(`${address} has no service ${service}`);
  return definition;
}

async function list(address: string): Promise<void> {
  for (const service of await listServices(address)) {
    const methods = Object.values(await definitionOf(address, service));
    for (const { path } of methods) process.stdout.write(`${path.slice(1)}\n`);
  }
}

/** Prints the answer, or each answer of a stream, as one line of JSON. */
async function call(address: string, path: string, json: string): Promise<void> {
  const [service = '', name = ''] = path.split('/');
  const definition = await definitionOf(address, service);
  const method = definition[name];
  if (!method)
    throw new Error(`${service} has no method ${name}; it has ${Object.keys(definition).join(', ')}`);
  if (method.requestStream) throw new Error(`${name} takes a stream of requests; this example sends one`);
  const { requestSerialize, responseDeserialize } = method;
  const request: object = JSON.parse(json);
  const options = { deadline: Date.now() + DEADLINE_MS };
  const client = new Client(address, credentials.createInsecure());
  const ask = [method.path, requestSerialize, responseDeserialize, request, new Metadata(), options] as const;
  const print = (answer: unknown) => process.stdout.write(`${JSON.stringify(answer)}\n`);
  try {
    if (method.responseStream) {
      for await (const answer of client.makeServerStreamRequest(...ask)) print(answer);
    } else {
      const answer = new Promise((resolve, reject) => {
        client.makeUnaryRequest(...ask, (error, value) => (error ? reject(error) : resolve(value)));
      });
      print(await answer);
    }
  } finally {
    client.close();
  }
}

const [address, path, json = '{}', ...rest] = process.argv.slice(2);
try {
  if (!address || rest.length > 0)
    throw new Error('usage: node call.ts <address> [<service>/<method> [<json>]]');
  if (path) await call(address, path, json);
  else await list(address);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
