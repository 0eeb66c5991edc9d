export { ClusterSnapshot } from './cluster-snapshot.js';
export { whyNodeRefuses } from './node-matching.js';
export { placeGang } from './place-gang.js';
export { type PodResources, podRequests } from './pod-requests.js';
export { quantityUnits } from './quantity.js';
export * from './types.js';
