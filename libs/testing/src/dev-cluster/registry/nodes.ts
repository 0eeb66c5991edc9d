import { defineResource } from './define-resource.js';

export const NODES = defineResource(
  { group: '', plural: 'nodes', kind: 'Node', namespaced: false },
  { shortNames: ['no'], hasStatus: true, selectableFields: ['spec.unschedulable'] },
);
