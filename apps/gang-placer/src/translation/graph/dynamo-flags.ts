/** Flags of `dynamo.vllm` that vLLM's own server does not have, and whether a value follows. */
const DYNAMO_FLAGS: Readonly<Record<string, 'value' | 'switch'>> = {
  '--is-prefill-worker': 'switch',
  '--no-is-prefill-worker': 'switch',
  '--is-decode-worker': 'switch',
  '--no-is-decode-worker': 'switch',
  '--use-vllm-tokenizer': 'switch',
  '--enable-multimodal': 'switch',
  '--route-to-encoder': 'switch',
  '--frontend-decoding': 'switch',
  '--enable-local-indexer': 'switch',
  '--durable-kv-events': 'switch',
  '--disaggregation-mode': 'value',
  '--connector': 'value',
  '--endpoint': 'value',
  '--namespace': 'value',
  '--migration-limit': 'value',
  '--dyn-tool-call-parser': 'value',
  '--dyn-reasoning-parser': 'value',
  '--dyn-endpoint-types': 'value',
  '--custom-jinja-template': 'value',
  '--discovery-backend': 'value',
  '--request-plane': 'value',
  '--event-plane': 'value',
  '--store-kv': 'value',
  '--sleep-mode-level': 'value',
  '--model-express-url': 'value',
  '--mm-prompt-template': 'value',
  '--output-modalities': 'value',
  '--dump-config-to': 'value',
};

/** Flags that say the role, which is read before they go. */
const ROLE_FLAGS = new Set(['--is-prefill-worker', '--is-decode-worker', '--disaggregation-mode']);

/** Arguments without Dynamo's own flags, and the flags that meant something else than a role. */
export function withoutDynamoFlags(args: readonly string[]): { args: string[]; dropped: string[] } {
  const kept: string[] = [];
  const dropped: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const [name = ''] = arg.split('=', 1);
    const flag = name.replaceAll('_', '-');
    const shape = Object.hasOwn(DYNAMO_FLAGS, flag) ? DYNAMO_FLAGS[flag] : undefined;
    if (shape === undefined) {
      kept.push(arg);
      continue;
    }
    if (!ROLE_FLAGS.has(flag.replace('--no-', '--'))) dropped.push(flag);
    // `--connector nixl kvbm` takes several values.
    if (shape === 'value' && name === arg)
      while (args[i + 1] !== undefined && !args[i + 1]?.startsWith('-')) i += 1;
  }
  return { args: kept, dropped };
}
