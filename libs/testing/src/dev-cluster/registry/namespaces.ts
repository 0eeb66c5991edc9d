import { defineBuiltin } from './define-resource.js';

/** Kept in spec.finalizers until the namespace's content is gone. */
export const NAMESPACE_FINALIZER = 'kubernetes';

export const NAMESPACES = defineBuiltin(
  'core.Namespace',
  { group: '', plural: 'namespaces', kind: 'Namespace', namespaced: false },
  {
    shortNames: ['ns'],
    hasStatus: true,
    nameRule: 'label',
    selectableFields: ['status.phase'],
    subresources: [{ name: 'finalize', kind: 'Namespace', verbs: ['update'] }],
    setDefaults: (namespace) => {
      const { metadata } = namespace;
      metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
      if (!metadata.deletionTimestamp)
        namespace.spec = { ...namespace.spec, finalizers: [NAMESPACE_FINALIZER] };
    },
    initialStatus: () => ({ phase: 'Active' }),
  },
);
