import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type DescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import { protoPath as healthProto } from 'grpc-health-check';
import { protoPath, protoRoot } from './proto-path.js';

/**
 * What reflection tells about our services and the health service, as protoc would compile their files: fields by the
 * names of the protos, with their names in JSON, and maps whose entry types are called as clients of other languages
 * require. The definitions that the server itself uses have neither.
 */
export function reflectedFiles(services: readonly string[]): PackageDefinition {
  const options = { keepCase: true, includeDirs: [protoRoot()] };
  const loaded = loadSync([...services.map(protoPath), healthProto], options);
  const files = new Map<string, Buffer>();
  for (const { fileDescriptorProtos } of Object.values(loaded)) {
    if (!Array.isArray(fileDescriptorProtos)) continue;
    for (const bytes of fileDescriptorProtos as Buffer[]) {
      const file = fromBinary(FileDescriptorProtoSchema, bytes);
      for (const message of file.messageType) correctNames(message);
      files.set(file.name, Buffer.from(toBinary(FileDescriptorProtoSchema, file)));
    }
  }
  // Reflection reads nothing else of a definition.
  return { files: { fileDescriptorProtos: [...files.values()] } } as unknown as PackageDefinition;
}

/**
 * protobuf.js calls the entry of a map `scores` `Scores`; the language guide wants `ScoresEntry`, and clients in Go
 * refuse the whole file otherwise. For the names in JSON it takes those of the proto.
 */
function correctNames(message: DescriptorProto): void {
  for (const nested of message.nestedType) {
    if (nested.options?.mapEntry) {
      const field = message.field.find(({ typeName }) => typeName === nested.name);
      if (!field) throw new Error(`map entry ${nested.name} of ${message.name} belongs to no field`);
      nested.name = `${upperFirst(camel(field.name))}Entry`;
      field.typeName = nested.name;
    }
    correctNames(nested);
  }
  for (const field of message.field) field.jsonName = camel(field.name);
}

/** As protoc makes the name in JSON: an underscore goes, and the letter after it is a capital. */
const camel = (name: string): string => name.replace(/_+(.?)/g, (_, letter: string) => letter.toUpperCase());
const upperFirst = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
