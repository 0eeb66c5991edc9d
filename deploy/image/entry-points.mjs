/** What the image can run, by the name under which it lies in /app/bin: the file that Node is given. */
export const ENTRY_POINTS = {
  scheduler: 'apps/scheduler/dist/main.js',
  'kv-index': 'apps/kv-index/dist/main.js',
  autoscaler: 'apps/autoscaler/dist/main.js',
  'gang-placer': 'apps/gang-placer/dist/main.js',
  'kv-offload': 'apps/kv-offload/dist/main.js',
  'kv-node': 'apps/kv-node/dist/main.js',
  'engine-sim': 'apps/engine-sim/dist/main.js',
  'startup-gate': 'apps/gang-placer/startup-gate/startup-gate.mjs',
  penstock: 'apps/penstock/dist/main.js',
  'dev-cluster': 'libs/testing/dist/dev-cluster/main.js',
  's3-server': 'libs/testing/dist/s3-server/main.js',
  'apply-manifests': 'deploy/image/apply-manifests.mjs',
  probe: 'deploy/image/probe.mjs',
};
