import { Command, CommanderError, Option } from 'commander';
import { z } from 'zod';
import { chooseTiming } from './choose-timing.js';
import { failurePlan } from './failure-plan.js';
import { foreignFlags } from './foreign-flags.js';
import { kvEventsConfig } from './kv-events-config.js';
import { kvTransferConfig, readKvTransferConfig } from './kv-transfer-config.js';
import type { EngineSimOptions, StorageOptions } from './options.js';
import { programArguments } from './program-arguments.js';
import { linksOfTiers, tierLinks } from './tier-links.js';

/**
 * Result of reading the command line: options and what was asked for that is done differently, a text to print
 * (`--help`), or everything that is wrong.
 */
export type ParsedOptions =
  | { options: EngineSimOptions; warnings: readonly string[] }
  | { help: string }
  | { errors: readonly string[] };

const DEFAULT_MODEL = 'Qwen/Qwen3-32B';

const number = z
  .string()
  .regex(/^[-+]?\d+(\.\d+)?$/, 'must be a number')
  .transform(Number);
const integer = (minimum: number, maximum: number) => number.pipe(z.int().min(minimum).max(maximum));

const json = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'must be JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);

const flags = z.object({
  model: z.string().min(1).max(256).optional(),
  servedModelName: z.array(z.string().min(1).max(256)).min(1).optional(),
  host: z.string().min(1),
  port: integer(0, 65_535),
  maxModelLen: integer(1, 10_000_000),
  blockSize: integer(1, 1_024),
  maxNumSeqs: integer(1, 4_096),
  maxNumBatchedTokens: integer(1, 1_000_000),
  numGpuBlocksOverride: integer(1, 10_000_000).optional(),
  kvEventsConfig: json(kvEventsConfig).optional(),
  kvTransferConfig: json(kvTransferConfig).optional(),
  prefixCachingHashAlgo: z.literal('sha256_cbor', 'must be sha256_cbor: the one whose hashes are portable'),
  seed: integer(0, 0xffff_ffff),
  simGpu: z.string(),
  dtype: z.string().min(1).optional(),
  quantization: z.string().min(1).optional(),
  tensorParallelSize: integer(1, 1_024).optional(),
  simDtype: z.string().optional(),
  simTp: integer(1, 64).optional(),
  simSpeed: number.pipe(z.number().min(0.01).max(10_000)),
  simEventFormat: z.enum(['array', 'map']),
  simBytesPerBlock: integer(1, 1 << 30),
  simTierLinks: json(tierLinks),
  simTokenizer: z.string().min(1).optional(),
  simFailures: json(failurePlan),
  simDebug: z.boolean(),
});

function command(): Command {
  return new Command('engine-sim')
    .description(
      'A vLLM-compatible engine without a GPU: OpenAI API, metrics and KV events, timed by a calibrated model.',
    )
    .helpOption('-h, --help', 'print this text')
    .argument('[model]', 'as --model')
    .option(
      '--model <name>',
      `model to simulate (default: VLLM_MODEL of the environment, else ${DEFAULT_MODEL})`,
    )
    .option('--served-model-name <name...>', 'names in the API (default: the model)')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on; 0: any free one', '8000')
    .option('--max-model-len <tokens>', 'longest context, prompt and answer together', '131072')
    .option('--block-size <tokens>', 'tokens per KV block', '16')
    .option('--max-num-seqs <count>', 'sequences per step', '256')
    .option('--max-num-batched-tokens <tokens>', 'tokens per step', '8192')
    .option('--num-gpu-blocks-override <count>', 'KV blocks (default: what the GPUs hold)')
    .option('--tensor-parallel-size <count>', 'GPUs per engine; the nearest calibrated number is timed')
    .option('--dtype <name>', 'type of the weights; fp8 is timed as fp8, all others as bf16')
    .option('--quantization <name>', 'fp8 is timed as fp8, all others as bf16')
    .option('--kv-events-config <json>', 'cache events, as in vLLM (default: none)')
    .option('--kv-transfer-config <json>', 'OffloadingConnector with fs tiers, as in vLLM (default: none)')
    .option('--prefix-caching-hash-algo <name>', 'block hash', 'sha256_cbor')
    .option('--seed <number>', 'seed of the generated answers and failures', '0')
    .option('--sim-gpu <name>', 'GPU: a100, h100, h200, b200', 'h100')
    .option(
      '--sim-dtype <name>',
      'weights: bf16 or fp8 (default: as --dtype and --quantization say, else bf16)',
    )
    .option('--sim-tp <count>', 'GPUs per engine (default: --tensor-parallel-size, else 2 where calibrated)')
    .option('--sim-speed <factor>', 'virtual time passes this many times faster than the clock', '1')
    .addOption(
      new Option('--sim-event-format <format>', 'msgpack layout of events')
        .choices(['array', 'map'])
        .default('map'),
    )
    .option('--sim-bytes-per-block <bytes>', 'size of a block in the files of --kv-transfer-config', '4096')
    .option(
      '--sim-tier-links <json>',
      'speed of each fs tier: [{"gigabytesPerSecond": 20, "latencyMs": 0.05}, …] (default: memory, then a disk)',
      '[]',
    )
    .option('--sim-tokenizer <folder>', 'folder with tokenizer.json (default: the built-in one)')
    .option('--sim-failures <json>', 'what goes wrong from the start; see POST /debug/failures', '{}')
    .option('--no-sim-debug', 'leave out the /debug endpoints (they answer to loopback only)')
    .allowUnknownOption()
    .exitOverride()
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
}

/** Reads the command line (without node and script) and the environment; reports every mistake at once. */
export function parseOptions(args: readonly string[], env: NodeJS.ProcessEnv): ParsedOptions {
  const program = command();
  const own = programArguments(args, env);
  if (own.includes('--help') || own.includes('-h')) return { help: helpOf(program) };
  const errors: string[] = [];
  let ignored: readonly string[] = [];
  let words: readonly string[] = [];
  try {
    const { operands, unknown } = program.parseOptions(own);
    const known = program.options.flatMap((option) => option.long ?? []);
    const foreign = foreignFlags(unknown, known);
    errors.push(...foreign.errors);
    ignored = foreign.ignored;
    words = [...operands, ...foreign.words];
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { errors: [error.message.replace(/^error: /, '')] };
  }
  const [positional, ...surplus] = words;
  for (const word of surplus) errors.push(`unexpected argument "${word}"`);
  const parsed = flags.safeParse(program.opts());
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const [name, ...path] = issue.path;
      errors.push(
        `${flagOf(String(name))}${path.length > 0 ? ` (${path.join('.')})` : ''}: ${issue.message}`,
      );
    }
  }
  if (!parsed.success) return { errors };
  const f = parsed.data;
  if (f.maxNumBatchedTokens < f.maxNumSeqs) {
    errors.push(
      `--max-num-batched-tokens: must be at least --max-num-seqs, ${f.maxNumSeqs}, got ${f.maxNumBatchedTokens}`,
    );
  }
  const transfer = transferOf(f);
  errors.push(...transfer.errors);
  const model = f.model ?? positional ?? (env['VLLM_MODEL'] || DEFAULT_MODEL);
  const timing = chooseTiming({ ...f, model });
  if ('error' in timing) errors.unshift(timing.error);
  if (errors.length > 0 || 'error' in timing) return { errors };
  const { profile } = timing;
  const warnings = [...timing.warnings, ...transfer.warnings];
  if (ignored.length > 0) warnings.push(`without effect here: ${[...new Set(ignored)].join(' ')}`);
  return {
    warnings,
    options: {
      model,
      servedModelNames: f.servedModelName ?? [model],
      host: f.host,
      port: f.port,
      maxModelLenTokens: f.maxModelLen,
      blockSizeTokens: f.blockSize,
      maxSequences: f.maxNumSeqs,
      maxBatchedTokens: f.maxNumBatchedTokens,
      blockCount: f.numGpuBlocksOverride,
      kvEvents: f.kvEventsConfig?.enable_kv_cache_events ? f.kvEventsConfig : undefined,
      storage: transfer.storage,
      seed: f.seed,
      gpu: profile.gpu,
      timedAs: profile.model,
      dtype: profile.dtype,
      tensorParallel: profile.tp,
      speed: f.simSpeed,
      eventFormat: f.simEventFormat,
      tokenizerDir: f.simTokenizer,
      failures: f.simFailures,
      debug: f.simDebug,
      hashSeed: env['PYTHONHASHSEED'],
    },
  };
}

/** What `--kv-transfer-config` and the flags about it come to. */
function transferOf(f: z.infer<typeof flags>): {
  storage?: StorageOptions;
  warnings: readonly string[];
  errors: readonly string[];
} {
  const { kvTransferConfig: config, simTierLinks, simBytesPerBlock: bytesPerBlock } = f;
  const reading = config && readKvTransferConfig(config, f.blockSize);
  const errors = (reading?.errors ?? []).map(
    ({ path, message }) => `--kv-transfer-config${path.length > 0 ? ` (${path.join('.')})` : ''}: ${message}`,
  );
  const tiers = reading?.folders?.tiers ?? [];
  if (errors.length === 0 && simTierLinks.length > tiers.length) {
    errors.push(
      `--sim-tier-links: ${simTierLinks.length} links for ${tiers.length} tiers of type fs in --kv-transfer-config`,
    );
  }
  const warnings = reading?.warnings ?? [];
  if (!reading?.folders) return { warnings, errors };
  const links = linksOfTiers(simTierLinks, tiers.length);
  const { blocksPerChunk } = reading.folders;
  return {
    storage: { blocksPerChunk, bytesPerBlock, tiers: tiers.map((tier, i) => ({ ...tier, link: links[i]! })) },
    warnings,
    errors,
  };
}

function helpOf(program: Command): string {
  return `${program.helpInformation()}\nEnvironment: PYTHONHASHSEED seeds the block hashes as in vLLM; VLLM_MODEL names the model.
Other flags of vLLM and Dynamo are accepted without effect.\n`;
}

const flagOf = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
