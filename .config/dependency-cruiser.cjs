// The import rules of docs/explanation/architecture.md, enforced by `npm run lint`.
const only = (name, comment, importers, target) => ({
  name,
  comment,
  severity: 'error',
  from: { path: '^(apps|libs)/', pathNot: importers },
  to: { path: target },
});
const npm = (packages) => `node_modules/(${packages})(/|$)`;
const core = (folder, allowed) => ({
  name: `core-${folder}-stands-on`,
  comment: `core/${folder} may use only ${['itself', ...allowed, 'ports'].join(', ')}`,
  severity: 'error',
  from: { path: `^libs/core/src/${folder}/` },
  to: { path: '^libs/core/src/', pathNot: `^libs/core/src/(${[folder, ...allowed, 'ports'].join('|')})/` },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'core-is-pure',
      comment: 'core imports nothing of ours, no client library, no Node built-in; only the pure packages listed here',
      severity: 'error',
      from: { path: '^libs/core/src/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: `^libs/core/src/|${npm('xxhash-wasm|pure-rand|tinyqueue')}` },
    },
    core('kv', []),
    core('engine-model', []),
    core('routing', ['kv', 'engine-model']),
    core('scaling', ['kv', 'engine-model']),
    core('placement', ['kv', 'engine-model']),
    core('tiering', ['kv', 'engine-model']),
    core('ports', ['kv']),
    {
      name: 'contracts-only-schemas',
      severity: 'error',
      from: { path: '^libs/contracts/src/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: `^libs/contracts/|${npm('zod|protobufjs|@bufbuild|long')}` },
    },
    {
      name: 'adapters-never-import-each-other',
      severity: 'error',
      from: { path: '^libs/(messaging|store|cluster|engine|platform)/src/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^libs/(messaging|store|cluster|engine|platform|testing)/', pathNot: '^libs/$1/' },
    },
    {
      name: 'apps-never-import-each-other',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: '^apps/penstock/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'services-never-import-testing',
      severity: 'error',
      from: { path: '^apps/(?!penstock/)[^/]+/src/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^libs/testing/' },
    },
    only('nats-in-messaging', 'libs/messaging owns the NATS client', '^libs/(messaging|testing)/|\\.spec\\.ts$', npm('nats')),
    only('redis-in-store', 'libs/store owns ioredis and the S3 client', '^libs/(store|testing)/|\\.spec\\.ts$', npm('ioredis|@aws-sdk')),
    only('kubernetes-in-cluster', 'libs/cluster owns the Kubernetes client', '^libs/(cluster|testing)/|\\.spec\\.ts$', npm('@kubernetes/client-node')),
    only('zeromq-in-engine', 'libs/engine owns ZeroMQ and msgpack', '^libs/engine/|\\.spec\\.ts$|^apps/[^/]+/test/', npm('zeromq|@msgpack/msgpack')),
    {
      name: 'no-deep-imports',
      comment: 'a library is used through its package name',
      severity: 'error',
      from: { path: '^(apps|libs)/([^/]+)/' },
      to: { path: '^libs/([^/]+)/(src|dist)/', pathNot: ['^libs/$2/', '^libs/[^/]+/(src|dist)/(index|[a-z-]+/index)\\.'] },
    },
    { name: 'no-drawers', severity: 'error', from: {}, to: { path: '^(apps|libs)/.*/(utils|helpers|common|shared|misc)/' } },
    { name: 'resolvable', severity: 'error', from: { pathNot: '\\.spec\\.ts$' }, to: { couldNotResolve: true } },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules|/dist/' },
    exclude: { path: '/dist/' },
    tsPreCompilationDeps: true,
    webpackConfig: { fileName: '.config/resolve.cjs' },
  },
};
