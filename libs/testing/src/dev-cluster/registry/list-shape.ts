/**
 * How a list merges. `map`: items are told apart by their keys; `set`: by value; `atomic`: the list is one
 * value. An object may be atomic too.
 */
export type ListShape =
  | { readonly type: 'atomic' }
  | { readonly type: 'set' }
  | {
      readonly type: 'map';
      readonly keys: readonly string[];
      /** Value a key has when an item leaves it out. */
      readonly keyDefaults?: Readonly<Record<string, string>>;
    };

/** The shape of the list (or atomic object) at a path of field names; list items add no path element. */
export type ListShapes = (path: readonly string[]) => ListShape | undefined;

const map = (...keys: string[]): ListShape => ({ type: 'map', keys });

/** Shapes every object has in its metadata (meta/v1 ObjectMeta). */
const METADATA: Readonly<Record<string, ListShape>> = {
  ownerReferences: map('uid'),
  finalizers: { type: 'set' },
};

export function metadataShape(path: readonly string[]): ListShape | undefined {
  return path[0] === 'metadata' && path.length === 2 ? METADATA[path[1] ?? ''] : undefined;
}

/**
 * Lists of the built-in kinds, by field name: the `+listMapKey` markers of the Kubernetes API types. Names that
 * mean different things in different places are told apart in `builtinShapes`.
 */
const BY_NAME: Readonly<Record<string, ListShape>> = {
  containers: map('name'),
  initContainers: map('name'),
  ephemeralContainers: map('name'),
  volumes: map('name'),
  env: map('name'),
  volumeMounts: map('mountPath'),
  volumeDevices: map('devicePath'),
  imagePullSecrets: map('name'),
  hostAliases: map('ip'),
  schedulingGates: map('name'),
  resourceClaims: map('name'),
  topologySpreadConstraints: map('topologyKey', 'whenUnsatisfiable'),
  conditions: map('type'),
  podIPs: map('ip'),
  hostIPs: map('ip'),
  secrets: map('name'),
  labelSelector: { type: 'atomic' },
  fieldRef: { type: 'atomic' },
  nodeSelectorTerms: { type: 'atomic' },
};

const CONTAINER_PORTS: ListShape = {
  type: 'map',
  keys: ['containerPort', 'protocol'],
  keyDefaults: { protocol: 'TCP' },
};
const SERVICE_PORTS: ListShape = {
  type: 'map',
  keys: ['port', 'protocol'],
  keyDefaults: { protocol: 'TCP' },
};

export const builtinShapes: ListShapes = (path) => {
  const name = path.at(-1) ?? '';
  if (name === 'ports') return path.some((part) => /ontainers$/.test(part)) ? CONTAINER_PORTS : SERVICE_PORTS;
  if (name === 'addresses' && path[0] === 'status') return map('type');
  return metadataShape(path) ?? BY_NAME[name];
};
