import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { JsonObject } from '../../object/api-object.js';
import { decodeProtobuf } from './decode-protobuf.js';
import type { ObjectType } from './object-type.js';
import { builtinType } from './type-library.js';

/** What every Kubernetes protobuf body begins with. */
const MAGIC = Buffer.from('k8s\0');

/**
 * An object in the protobuf form that Kubernetes clients send: a magic number, then a message that names the kind and
 * holds the object.
 *
 * @throws Error saying what cannot be read
 */
export function decodeEnvelope(body: Buffer): JsonObject {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('it does not begin with "k8s\\0"');
  let identity = { apiVersion: '', kind: '' };
  let raw: Uint8Array = new Uint8Array();
  const reader = new BinaryReader(body.subarray(MAGIC.length));
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    if (number === 1) identity = readIdentity(reader.bytes());
    else if (number === 2) raw = reader.bytes();
    else reader.skip(wire);
  }
  const type = typeOf(identity.apiVersion, identity.kind);
  return { ...decodeProtobuf(type, raw), ...identity };
}

function readIdentity(bytes: Uint8Array): { apiVersion: string; kind: string } {
  const reader = new BinaryReader(bytes);
  const texts = ['', '', ''];
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    if (number === 1 || number === 2) texts[number] = reader.string();
    else reader.skip(wire);
  }
  return { apiVersion: texts[1] ?? '', kind: texts[2] ?? '' };
}

/** Options belong to every group; other types to the package that is named like their group. */
function typeOf(apiVersion: string, kind: string): ObjectType {
  if (kind === 'DeleteOptions') return builtinType('meta.DeleteOptions');
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  const packageName = group === '' ? 'core' : (group.split('.')[0] ?? '');
  try {
    return builtinType(`${packageName === 'authentication' ? 'authorization' : packageName}.${kind}`);
  } catch {
    throw new Error(`no kind ${kind} of ${apiVersion} is known in this form`);
  }
}
