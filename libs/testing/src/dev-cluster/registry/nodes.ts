import { defineBuiltin } from './define-resource.js';

export const NODES = defineBuiltin(
  'core.Node',
  { group: '', plural: 'nodes', kind: 'Node', namespaced: false },
  {
    shortNames: ['no'],
    hasStatus: true,
    keepsStatusOnCreate: true,
    selectableFields: ['spec.unschedulable'],
  },
);
