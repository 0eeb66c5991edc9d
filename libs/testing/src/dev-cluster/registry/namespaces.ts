import { defineBuiltin } from './define-resource.js';

/** Kept in spec.finalizers until the namespace's content is gone. */
export const NAMESPACE_FINALIZER = 'kubernetes';

export const NAMESPACES = defineBuiltin(
  'core.Namespace',
  { group: '', plural: 'namespaces', kind: 'Namespace', namespaced: false },
  {
    shortNames: ['ns'],
    // A collection of namespaces cannot be deleted at once.
    verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
    hasStatus: true,
    returnsDeletedObject: true,
    nameRule: 'label',
    selectableFields: ['status.phase'],
    subresources: [{ name: 'finalize', kind: 'Namespace', verbs: ['update'] }],
    setDefaults: ({ metadata }) => {
      metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
    },
    prepare: (namespace, old) => {
      const finalizers = old ? (old.spec?.['finalizers'] ?? []) : [NAMESPACE_FINALIZER];
      namespace.spec = { ...namespace.spec, finalizers };
    },
    initialStatus: () => ({ phase: 'Active' }),
  },
);
