import { POLICY_NAMES } from '@penstock/core/routing';
import { areNatsUrls } from '@penstock/messaging';
import { type ConfigOf, defineConfig, durationMs, portNumber } from '@penstock/platform';
import { z } from 'zod';
import { parseTierCredits } from './application/tier-credits-setting.js';
import { parseTokenizerNames } from './application/tokenizing/tokenizer-names-setting.js';

const count = (value: number, min: number, max: number, description: string) =>
  z.number().int().min(min).max(max).default(value).describe(description);

/** Settings of the scheduler. */
export const config = defineConfig('scheduler', 'Picks the engine for every request, and explains why.', {
  httpPort: portNumber(8080, 'Port of the OpenAI-compatible front door; replicas on one machine share it'),
  grpcPort: portNumber(9101, 'Port of the gRPC API (Pick, Explain); replicas on one machine share it'),
  metricsPort: portNumber(9090, 'Port of /metrics, /healthz and /readyz'),
  namespace: z
    .string()
    .max(63)
    .optional()
    .describe('Kubernetes namespace whose InferencePools are served; absent = all namespaces'),
  leaseNamespace: z
    .string()
    .max(63)
    .optional()
    .describe(
      'Kubernetes namespace of the lease by which one replica is chosen to write statuses; absent = `namespace`, else default',
    ),
  statusIntervalMs: durationMs(
    2000,
    'Time between two looks at the statuses of pools and models; they are written when they differ',
  ),
  kubeconfig: z
    .string()
    .optional()
    .describe('Path of a kubeconfig; absent = $KUBECONFIG, else the service account of the pod'),
  natsUrl: z
    .string()
    .refine(areNatsUrls, 'must be a nats:// or tls:// URL, or several with commas between')
    .default('nats://127.0.0.1:4222')
    .meta({ description: 'NATS servers of the event bus, comma-separated' }),
  routingPolicy: z
    .enum(POLICY_NAMES as unknown as [string, ...string[]])
    .default('3-2-2')
    .describe('Routing policy of pools without the annotation penstock.dev/routing-policy'),
  tierCredits: z
    .string()
    .superRefine((text, context) => {
      const parsed = parseTierCredits(text);
      if ('problem' in parsed) context.addIssue({ code: 'custom', message: parsed.problem });
    })
    .default('cpu=0.9,ssd=0.7,s3=0.25')
    .describe(
      'What a prompt token is worth to routing by the tier it is on, 0 to 1; gpu is 1, tiers left out keep their default',
    ),
  speculativeTtlMs: count(
    2000,
    0,
    60_000,
    'How long an engine is expected to hold a prompt that was sent to it before its KV events say so, in milliseconds; 0 = not at all',
  ),
  tokenizerDir: z
    .string()
    .optional()
    .describe(
      'Folder with tokenizer.json and tokenizer_config.json of models without a tokenizer of their own; absent = the built-in one',
    ),
  tokenizersDir: z
    .string()
    .optional()
    .describe('Folder with a tokenizer folder for each model: <owner>/<model>, or <owner>--<model>'),
  tokenizerRepository: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'Model repository that tokenizers not found in a folder are downloaded from, such as https://huggingface.co; absent = none is',
    ),
  tokenizerTokenFile: z.string().optional().describe('File with the access token of the model repository'),
  tokenizerCacheDir: z
    .string()
    .optional()
    .describe(
      'Folder that downloaded tokenizers are kept in; absent = one in the folder for temporary files',
    ),
  tokenizerNames: z
    .string()
    .superRefine((text, context) => {
      const parsed = parseTokenizerNames(text);
      if ('problem' in parsed) context.addIssue({ code: 'custom', message: parsed.problem });
    })
    .default('')
    .describe(
      'Names under which the tokenizers of models are found, comma-separated: <model>=<owner>/<model>, or <model>=/path/of/a/folder',
    ),
  tokenizerParity: z
    .boolean()
    .default(true)
    .describe('Whether tokens are compared with those of every engine when it appears'),
  tokenizeThreads: count(
    1,
    0,
    64,
    'Threads that tokenise long prompts, each with its own copy of the tokenizers; 0 = none',
  ),
  tokenizeThreadChars: count(
    8192,
    1,
    1_000_000_000,
    'New characters of a prompt from which a thread tokenises it',
  ),
  tokenizeTimeoutMs: durationMs(500, 'Longest wait for a thread to tokenise a prompt'),
  engineTokenizeTimeoutMs: count(
    200,
    0,
    60_000,
    'Longest wait, in milliseconds, for an engine to tokenise a prompt that cannot be tokenised here; 0 = engines are not asked',
  ),
  kvWorker: z
    .enum(['on', 'off'])
    .default('on')
    .describe('Whether what KV events say is written to the prefix index by a thread of its own'),
  tokenCacheTokens: count(
    2_000_000,
    0,
    1_000_000_000,
    'Tokenised prompts kept in memory for each tokenizer, in tokens; with their text some 16 bytes each',
  ),
  startupWaitMs: durationMs(
    5000,
    'How long the front door stays closed at most, until pools and the models of their engines are known',
  ),
  scrapeIntervalMs: durationMs(1000, 'Time between two reads of an engine’s metrics'),
  scrapeTimeoutMs: durationMs(800, 'Longest wait for an engine’s metrics'),
  maxAttempts: count(3, 1, 10, 'Engines tried for one request before its first byte'),
  connectTimeoutMs: durationMs(2000, 'Longest wait for a connection to an engine'),
  firstByteTimeoutMs: durationMs(600_000, 'Longest wait for the head of an engine’s answer'),
  idleTimeoutMs: durationMs(300_000, 'Longest silence inside an engine’s answer'),
  maxBodyBytes: count(16_777_216, 1024, 1_073_741_824, 'Largest request body, in bytes'),
  waitingRoomRequests: count(
    1000,
    0,
    1_000_000,
    'Requests held at most while their pool has no engine that takes any; 0 = none waits',
  ),
  waitingRoomBytes: count(
    268_435_456,
    0,
    68_719_476_736,
    'Bodies of the held requests at most, together, in bytes',
  ),
  waitingRoomTimeoutMs: durationMs(120_000, 'Longest wait of a request for an engine of its pool'),
  assumedOutputTokens: count(512, 1, 1_000_000, 'Output length planned for at most, in tokens'),
  decisionLogSize: count(10_000, 1, 10_000_000, 'Decisions kept in memory for Explain'),
  fullDecisionEvery: count(1, 1, 1_000_000, 'One of so many decisions is published with its candidates'),
  pickHoldMs: durationMs(60_000, 'How long a gRPC Pick reserves load when the caller does not say'),
  decisionHeaders: z
    .boolean()
    .default(true)
    .describe('Whether answers carry x-penstock-endpoint and x-penstock-policy'),
});

export type Config = ConfigOf<typeof config>;
