// What a gRPC server says of itself: the protocol grpc.reflection.v1.

import { createRequire } from 'node:module';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import {
  loadFileDescriptorSetFromBuffer,
  loadSync,
  type MethodDefinition,
  type PackageDefinition,
  type ServiceDefinition,
} from '@grpc/proto-loader';
import protobuf from 'protobufjs';

const DEADLINE_MS = 5000;
/** Field `file` of google.protobuf.FileDescriptorSet: number 1, length-delimited. */
const FILE_TAG = (1 << 3) | 2;

/** The proto of the protocol itself comes with the package that serves it. */
const PROTO = createRequire(import.meta.url).resolve(
  '@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto',
);

type Request = { listServices: string } | { fileContainingSymbol: string };
interface Response {
  readonly listServicesResponse?: { readonly service: ReadonlyArray<{ readonly name: string }> };
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Uint8Array[] };
  readonly errorResponse?: { readonly errorMessage: string };
}

/** Asks one question. */
function ask(address: string, question: Request): Promise<Response> {
  const service = loadSync(PROTO)['grpc.reflection.v1.ServerReflection'] as ServiceDefinition;
  const { path, requestSerialize, responseDeserialize } = service['ServerReflectionInfo'] as MethodDefinition<
    Request,
    Response
  >;
  const client = new Client(address, credentials.createInsecure());
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, new Metadata(), {
    deadline: Date.now() + DEADLINE_MS,
  });
  return new Promise<Response>((resolve, reject) => {
    stream.once('data', (response: Response) => {
      stream.end();
      if (response.errorResponse) reject(new Error(response.errorResponse.errorMessage));
      else resolve(response);
    });
    stream.once('error', reject);
    stream.write(question);
  }).finally(() => client.close());
}

/** Full names of the services at `address`, e.g. `penstock.kvindex.v1.KvIndexService`. */
export async function listServices(address: string): Promise<string[]> {
  const { listServicesResponse } = await ask(address, { listServices: '*' });
  return (listServicesResponse?.service ?? []).map(({ name }) => name).sort();
}

/** Services and messages of the file that declares `service`, and of all that it imports. */
export async function describeService(address: string, service: string): Promise<PackageDefinition> {
  const { fileDescriptorResponse } = await ask(address, { fileContainingSymbol: service });
  const set = protobuf.Writer.create();
  for (const file of fileDescriptorResponse?.fileDescriptorProto ?? []) set.uint32(FILE_TAG).bytes(file);
  return loadFileDescriptorSetFromBuffer(Buffer.from(set.finish()), {
    longs: String,
    enums: String,
    bytes: String,
  });
}
