import { posix } from 'node:path';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import { protoPath, protoRoot } from './proto-path.js';

/**
 * How proto messages look in JavaScript, on both sides: camelCase fields, 64-bit integers and enums as
 * strings, absent fields at their defaults, the chosen oneof named in a virtual field.
 */
export const PROTO_OPTIONS = { keepCase: false, longs: String, enums: String, defaults: true, oneofs: true };

/** Loads the definitions of our services, e.g. `loadProtos(['kvindex'])`. */
export function loadProtos(services: readonly string[]): PackageDefinition {
  return loadSync(services.map(protoPath), { ...PROTO_OPTIONS, includeDirs: [protoRoot()] });
}

/** `kvindex` → `penstock.kvindex.v1`; `indexer/v1/indexer` → `indexer.v1`. */
export const packageOf = (service: string): string =>
  service.includes('/') ? posix.dirname(service).replaceAll('/', '.') : `penstock.${service}.v1`;
