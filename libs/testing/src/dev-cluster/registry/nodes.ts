import { defineResource } from './define-resource.js';

export const NODES = defineResource(
  { group: '', plural: 'nodes', kind: 'Node', namespaced: false },
  { shortNames: ['no'], hasStatus: true, keepsStatusOnCreate: true, selectableFields: ['spec.unschedulable'] },
);
