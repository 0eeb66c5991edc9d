import type { Suite } from './start-suite.js';

/** URLs, sample commands and moved ports, for a person. */
export function describeSuite({ record, ports }: Suite): string {
  const { urls } = record;
  const metrics = [
    ...urls.schedulerMetrics,
    urls.kvIndexMetrics,
    urls.autoscalerMetrics,
    urls.gangPlacerMetrics,
    urls.kvOffloadMetrics,
  ];
  const kubectl = `kubectl --kubeconfig ${record.kubeconfig} -n ${record.namespace}`;
  const rows: Array<[string, string]> = [
    ['OpenAI API', `${urls.frontDoor}/v1  (two schedulers share the port)`],
    ['scheduler gRPC', `${urls.schedulerGrpc}  penstock.scheduler.v1, reflection on`],
    ['kv-index gRPC', `${urls.kvIndexGrpc}  penstock.kvindex.v1, reflection on`],
    ['kv-index HTTP', `${urls.kvIndexHttp}  /query, /register and others, as Conductor and Dynamo have them`],
    ['autoscaler gRPC', `${urls.autoscalerGrpc}  penstock.autoscaler.v1, reflection on`],
    ['gang-placer gRPC', `${urls.gangPlacerGrpc}  penstock.gangplacer.v1, reflection on`],
    ['kv-offload gRPC', `${urls.kvOffloadGrpc}  penstock.kvoffload.v1, reflection on`],
    ['metrics', metrics.map((url) => `${url}/metrics`).join('  ')],
    ['NATS', `${urls.nats}  subjects penstock.v1.>`],
    ['Redis', urls.redis],
    ['S3', `${urls.objectStore}  bucket penstock`],
    ['Kubernetes API', `${urls.cluster}  (dev cluster)`],
    ['logs', record.kubeconfig.replace(/kubeconfig$/, 'logs/')],
  ];
  const chat = `{"model":"${record.model}","messages":[{"role":"user","content":"hello"}],"max_tokens":32,"stream":true}`;
  return [
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(16)} ${value}`),
    ...ports.moves.map(
      (move) => `  moved            ${move.name}: port ${move.preferred} is taken, it is on ${move.port}`,
    ),
    '',
    'Try:',
    `  curl -N ${urls.frontDoor}/v1/chat/completions -H 'content-type: application/json' -d '${chat}'`,
    `  curl ${urls.frontDoor}/v1/models`,
    `  ${kubectl} get podcliquesets,podgangs,pods`,
    `  ${kubectl} get variantautoscalings`,
    '  npm run replay -- --requests 200',
    '  npm run replay -- --ramp',
    '  npx penstock top',
    '  npx penstock doctor',
    '',
    'Ctrl-C stops everything.',
  ].join('\n');
}
