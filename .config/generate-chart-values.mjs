// Every value of the Helm chart: the one source of its values.schema.json, values.yaml and table in the README.
import { z } from 'zod';
import {
  account,
  capacity,
  config,
  flag,
  foreign,
  object,
  pod,
  ports,
  replicas,
  secretKey,
  text,
  texts,
} from './chart-value-types.mjs';

/** @param definitions the configuration of every service, by its name */
export function chartValues(definitions) {
  const service = (name, options) => ({
    ...(options.count === undefined
      ? {}
      : { replicas: replicas(options.count, options.about ?? 'Replicas') }),
    config: config(definitions[name]),
    ...pod(options.requests, options.limits),
    ...(options.api === false ? {} : { serviceAccount: account }),
  });
  const small = { requests: { cpu: '100m', memory: '192Mi' }, limits: { memory: '512Mi' } };
  const large = { requests: { cpu: '500m', memory: '512Mi' }, limits: { memory: '2Gi' } };

  const engines = {
    model: object(
      {
        name: text(
          'What engines load and clients ask for; absent = Qwen/Qwen3-0.6B where engines are wanted',
        ),
        source: z
          .enum(['huggingface', 'modelscope'])
          .optional()
          .describe('Where engines download the model from; absent = as their image does'),
        dtype: z
          .enum(['auto', 'bfloat16', 'float16', 'float32', 'fp8'])
          .optional()
          .describe('Type of the weights; fp8 quantises them; absent = as the model has it'),
      },
      'Model of the engines of this release',
    ),
    prefillReplicas: z
      .int()
      .min(0)
      .max(10_000)
      .optional()
      .describe('Engines that only prefill; absent = 1 with pdDisaggregation.enabled, else none'),
    decodeReplicas: z
      .int()
      .min(0)
      .max(10_000)
      .optional()
      .describe('Engines that decode; absent = 1 where engines are wanted'),
    pdDisaggregation: object(
      { enabled: z.boolean().optional().describe('Whether prefill and decode have engines of their own') },
      'Prefill apart from decode',
    ),
    engines: object(
      {
        accelerator: text('GPU of the engines: nvidia-a100, -h100, -h200, -b200 or a product label', ''),
        gpusPerEngine: z
          .int()
          .min(1)
          .max(64)
          .optional()
          .describe('GPUs of one engine; absent = by the model'),
        maxReplicas: z
          .int()
          .min(1)
          .max(10_000)
          .optional()
          .describe('Most engines of a role under load; absent = twice as many as at the start'),
      },
      'How the engines of this release run: an inference.llm-d.io InferencePool that gang-placer acts upon. There is one when a model, a number of engines or pdDisaggregation.enabled is set',
    ),
  };

  const tiering = object(
    {
      enabled: flag(false, 'Whether KV blocks move between CPU memory, SSD and S3: kv-offload and kv-node'),
      cpu: object(
        {
          hostPath: text('Folder of the CPU tier on every node: on tmpfs', '/dev/shm/penstock-kv'),
          capacity: capacity('16Gi', 'How much it holds: bytes, or with Ki, Mi, Gi, Ti'),
        },
        'CPU tier',
      ),
      ssd: object(
        {
          hostPath: text(
            'Folder of the SSD tier on every node; empty = no such tier',
            '/var/lib/penstock-kv',
          ),
          capacity: capacity('200Gi', 'How much it holds'),
        },
        'SSD tier',
      ),
      s3: object(
        {
          bucket: text('Bucket; empty = no such tier', ''),
          endpoint: z
            .string()
            .regex(/^(https?:\/\/[^\s/]+)?$/)
            .default('')
            .describe('http://host:port or https://host:port of a server that speaks S3; empty = AWS'),
          region: text('Region', 'us-east-1'),
          prefix: z
            .string()
            .regex(/^[^/]/)
            .max(512)
            .default('penstock')
            .describe('Beginning of the keys of all objects, before a "/"'),
          capacity: capacity('', 'How much it holds; empty = no limit'),
          existingSecret: text(
            'Secret with the credentials; empty = those of the pod (IRSA, instance role)',
            '',
          ),
          accessKeyIdKey: secretKey('accessKeyId', 'Its key with the id'),
          secretAccessKeyKey: secretKey('secretAccessKey', 'Its key with the secret'),
        },
        'S3 tier',
      ),
    },
    'KV blocks beyond GPU memory',
  );

  return z.strictObject({
    global: z
      .strictObject({
        imageRegistry: text('Registry put before every image of the chart', ''),
        imagePullSecrets: z.array(z.string()).default([]).describe('Names of pull secrets of every pod'),
        allNamespaces: flag(
          false,
          'Whether pools of all namespaces are served, by cluster roles; else those of the namespace of the release',
        ),
        image: z
          .looseObject({})
          .optional()
          .describe('For the chart of NATS: registry, pullPolicy, pullSecretNames'),
        labels: z.record(z.string(), z.string()).optional().describe('For the chart of NATS'),
      })
      .prefault({})
      .describe('For every chart, those of NATS and Valkey included'),
    fullnameOverride: text('Beginning of the names of all objects in place of the name of the release', ''),
    image: object(
      {
        repository: z.string().min(1).default('penstock/penstock').describe('Image of every service'),
        tag: text('Tag; empty = appVersion of the chart', ''),
        digest: z
          .string()
          .regex(/^(sha256:[a-f0-9]{64})?$/)
          .default('')
          .describe('sha256:… in place of the tag'),
        pullPolicy: z
          .enum(['Always', 'IfNotPresent', 'Never'])
          .default('IfNotPresent')
          .describe('When to pull'),
      },
      'Image',
    ),
    nats: z
      .looseObject({
        enabled: flag(true, 'Whether NATS is installed with the release, by its official chart'),
        config: foreign('Settings of the server').default({
          jetstream: { enabled: true, fileStore: { pvc: { size: '10Gi' } }, merge: { sync_interval: '10s' } },
        }),
        natsBox: foreign('Its tool box').default({ enabled: false }),
        podTemplate: foreign('Its pods').default({
          merge: {
            spec: {
              securityContext: {
                runAsNonRoot: true,
                runAsUser: 1000,
                runAsGroup: 1000,
                fsGroup: 1000,
                seccompProfile: { type: 'RuntimeDefault' },
              },
              automountServiceAccountToken: false,
            },
          },
        }),
        container: foreign('Its container').default({ merge: { securityContext: locked() } }),
        reloader: foreign('Its reloader').default({ merge: { securityContext: locked() } }),
      })
      .prefault({})
      .describe('NATS; keys are those of its chart'),
    externalNats: object(
      {
        url: text('nats:// or tls:// URLs of your servers, comma-separated; without user and password', ''),
        existingSecret: text('Secret that holds the URLs, with credentials if any, in place of url', ''),
        existingSecretKey: secretKey('url', 'Its key'),
      },
      'NATS that you have already: set nats.enabled to false',
    ),
    valkey: z
      .looseObject({
        enabled: flag(true, 'Whether Valkey is installed with the release, by its official chart'),
        podSecurityContext: foreign('Its pods').default({
          runAsNonRoot: true,
          runAsUser: 1000,
          runAsGroup: 1000,
          fsGroup: 1000,
          seccompProfile: { type: 'RuntimeDefault' },
        }),
      })
      .prefault({})
      .describe('Valkey; keys are those of its chart'),
    externalRedis: object(
      {
        url: text('redis:// or rediss:// URL of your server, without password', ''),
        existingSecret: text('Secret that holds the URL, with password if any, in place of url', ''),
        existingSecretKey: secretKey('url', 'Its key'),
        cluster: flag(false, 'Whether it is in cluster mode'),
      },
      'Redis or Valkey that you have already: set valkey.enabled to false',
    ),
    crds: object(
      {
        enabled: flag(true, 'Whether definitions are installed at all; Helm never deletes them'),
        penstock: flag(true, 'GangPlacement of penstock.dev'),
        grove: flag(true, 'PodCliqueSets, their parts and PodGangs of grove.io, unless the cluster has them'),
        variantAutoscaling: flag(true, 'VariantAutoscaling of llmd.ai, unless the cluster has it'),
        modelRewrite: flag(true, 'InferenceModelRewrite of llm-d.ai, unless the cluster has it'),
        dynamoGraph: flag(true, 'DynamoGraphDeployment of nvidia.com, unless the cluster has it'),
        pavedRoad: flag(true, 'InferencePool of inference.llm-d.io, unless the cluster has it'),
      },
      'Custom resource definitions. Those of Gateway API and of its inference extension are never among them',
    ),
    ...engines,
    kvCache: object({ tiering }, 'KV cache'),
    gateway: object(
      {
        enabled: flag(false, 'Whether a Gateway and an HTTPRoute to the front door are made'),
        className: text('GatewayClass', ''),
        port: z.int().min(1).max(65_535).default(80).describe('Port of the HTTP listener'),
        hostnames: z.array(z.string()).default([]).describe('Host names that are routed; empty = all'),
        annotations: texts('Annotations of the Gateway'),
      },
      'Gateway API',
    ),
    inferenceScheduler: object(
      { enabled: flag(true, 'Whether the scheduler is installed: the front door that picks engines') },
      'Scheduler',
    ),
    scheduler: object(
      {
        ...service('scheduler', { count: 1, ...large }),
        cacheAwareRouting: flag(
          true,
          'Routing policy of pools that name none: 3-2-2, by prefixes and load; false = least-request, by load alone',
        ),
        service: object(
          {
            type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']).default('ClusterIP').describe('Type'),
            port: z.int().min(1).max(65_535).default(8080).describe('Port of the front door'),
            annotations: texts('Annotations'),
          },
          'Service of the front door',
        ),
        tokenizer: object(
          {
            existingClaim: text(
              'PersistentVolumeClaim with the tokenizer of the served model; empty = built-in',
              '',
            ),
            path: text('Folder in it with tokenizer.json and tokenizer_config.json', ''),
          },
          'Tokenizer',
        ),
      },
      'Settings of the scheduler',
    ),
    kvIndex: object(
      {
        enabled: flag(
          true,
          'Whether kv-index is installed; without it prefixes are guessed from where requests went',
        ),
        ...service('kv-index', {
          count: 1,
          about: 'Replicas: each follows its share of the engines, and all know what all hold',
          ...large,
        }),
      },
      'kv-index',
    ),
    autoscaler: object(
      {
        enabled: flag(true, 'Whether the autoscaler is installed'),
        scaleToZero: flag(false, 'Whether idle engines of this release sleep, down to none'),
        ...service('autoscaler', { count: 1, about: 'Replicas: one leads', ...small }),
      },
      'Autoscaler',
    ),
    gangPlacer: object(
      {
        enabled: flag(true, 'Whether the gang-placer is installed'),
        ...service('gang-placer', { count: 1, about: 'Replicas: one leads', ...small }),
      },
      'Gang-placer',
    ),
    kvOffload: object(
      service('kv-offload', { count: 1, about: 'Replicas: one leads', ...small }),
      'kv-offload; installed with kvCache.tiering.enabled',
    ),
    kvNode: object(
      {
        ...service('kv-node', { api: false, ...large }),
        runAsUser: z
          .int()
          .min(0)
          .max(2_147_483_647)
          .default(10_001)
          .describe(
            'User that moves the files: must be able to write what engines write; 0 where engines run as root',
          ),
        serviceAccount: account,
      },
      'kv-node, on every node; installed with kvCache.tiering.enabled',
    ),
    engineSim: object(
      {
        enabled: flag(false, 'Whether simulated engines and a pool of them are installed: no GPU needed'),
        replicas: replicas(2, 'Simulated engines'),
        model: z.string().min(1).default('Qwen/Qwen3-32B').describe('Model that they pretend to be'),
        speed: z.number().min(0.01).max(1000).default(1).describe('How many times faster than real engines'),
        ...pod({ cpu: '100m', memory: '128Mi' }, { memory: '512Mi' }),
      },
      'Simulated engines',
    ),
    metrics: object(
      {
        serviceMonitor: object(
          {
            enabled: flag(false, 'Whether a ServiceMonitor per service is made for Prometheus Operator'),
            interval: z.string().min(2).default('15s').describe('Time between two scrapes'),
            labels: texts('Labels by which your Prometheus selects them'),
          },
          'ServiceMonitors',
        ),
        alerts: object(
          {
            enabled: flag(false, 'Whether a PrometheusRule with alerts is made for Prometheus Operator'),
            labels: texts('Labels by which your Prometheus selects it'),
          },
          'Alerts; what each means and what to do is in deploy/dashboards/runbooks',
        ),
      },
      'Metrics',
    ),
    networkPolicy: object(
      {
        enabled: flag(false, 'Whether all traffic of the pods is denied but what the services need'),
        enginePorts: ports.default([8000]).describe('HTTP ports of engines'),
        kvEventPorts: ports.default([5557, 5558]).describe('Ports of KV events and their replay'),
        apiServerPorts: ports.default([443, 6443]).describe('Ports of the Kubernetes API'),
        natsPorts: ports.default([4222]).describe('Ports of NATS'),
        redisPorts: ports.default([6379]).describe('Ports of Redis'),
        s3Ports: ports.default([443]).describe('Ports of the S3 server'),
        clients: z
          .array(z.looseObject({}))
          .default([])
          .describe('Peers that may use the front door, passed on as they are; empty = everybody'),
        scrapers: z
          .array(z.looseObject({}))
          .default([])
          .describe('Peers that may read metrics, passed on as they are; empty = every pod of the cluster'),
        extraEgress: z
          .array(z.looseObject({}))
          .default([])
          .describe(
            'Further egress rules of every service, passed on as they are, for instance to a trace collector',
          ),
      },
      'NetworkPolicies',
    ),
    test: object(
      {
        model: text('Model that `helm test` asks for; empty = that of the engines of this release', ''),
        timeoutSeconds: z.int().min(1).max(3600).default(120).describe('How long it tries'),
      },
      'The completion that `helm test` sends',
    ),
    extraObjects: z
      .array(z.looseObject({ apiVersion: z.string(), kind: z.string() }))
      .default([])
      .describe('Further objects of yours; templates in them are rendered'),
  });
}

function locked() {
  return { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };
}
