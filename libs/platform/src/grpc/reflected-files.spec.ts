import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromBinary } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { protoRoot } from './proto-path.js';
import { reflectedFiles } from './reflected-files.js';

const services = readdirSync(join(protoRoot(), 'penstock'));

/** `.penstock.x.v1.Y.Z`, `Y.Z` and `Z` are ways to name the same type. */
const lastName = (name: string) => name.split('.').at(-1) ?? '';

/** What clients make requests from, in one form: messages with their fields, sorted. */
function messagesOf(file: FileDescriptorProto): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  const visit = (message: DescriptorProto, scope: string): void => {
    const name = `${scope}.${message.name}`;
    found[name] = message.field
      .map((f) => `${f.name} = ${f.number} as ${f.jsonName}: ${f.label} ${f.type} ${lastName(f.typeName)}`)
      .sort();
    if (message.options?.mapEntry) found[name]?.push('is a map entry');
    for (const nested of message.nestedType) visit(nested, name);
  };
  for (const message of file.messageType) visit(message, file.package);
  return found;
}

const methodsOf = (file: FileDescriptorProto): string[] =>
  file.service.flatMap(({ name, method }) =>
    method.map(
      (m) =>
        `${name}.${m.name}(${m.clientStreaming} ${lastName(m.inputType)}): ${m.serverStreaming} ${lastName(m.outputType)}`,
    ),
  );

describe('reflectedFiles', () => {
  const compiled = new Map<string, FileDescriptorProto>();
  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), 'penstock-buf-'));
    const buf = fileURLToPath(new URL('../../../../node_modules/.bin/buf', import.meta.url));
    const image = join(folder, 'image.binpb');
    execFileSync(buf, ['build', '--as-file-descriptor-set', '--output', image], { cwd: protoRoot() });
    for (const file of fromBinary(FileDescriptorSetSchema, readFileSync(image)).file)
      compiled.set(file.package, file);
    rmSync(folder, { recursive: true });
  });

  const reflected = (names: readonly string[]): FileDescriptorProto[] =>
    Object.values(reflectedFiles(names)).flatMap(({ fileDescriptorProtos }) =>
      (fileDescriptorProtos as Buffer[]).map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes)),
    );

  it.each(services)('%s: messages and methods as the compiler of protos has them', (service) => {
    const file = reflected([service]).find((f) => f.package === `penstock.${service}.v1`);
    const expected = compiled.get(`penstock.${service}.v1`);
    if (!file || !expected) throw new Error(`no file of ${service}`);
    expect(messagesOf(file)).toEqual(messagesOf(expected));
    expect(methodsOf(file)).toEqual(methodsOf(expected));
  });

  it('holds the health service, and maps called as every client wants', () => {
    const files = reflected(['scheduler']);
    expect(files.map((file) => file.package)).toContain('grpc.health.v1');
    const entries = files
      .flatMap((file) => Object.keys(messagesOf(file)))
      .filter((name) => name.endsWith('Entry'));
    expect(entries).toEqual(expect.arrayContaining([expect.stringMatching(/\.MatchedByTierEntry$/)]));
  });
});
