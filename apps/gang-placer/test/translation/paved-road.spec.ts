import { describe, expect, it } from '@jest/globals';
import { type PavedRoadInferencePool, type PodCliqueSet, podCliqueSetSchema } from '@penstock/contracts';
import fc from 'fast-check';
import { pavedRoadTranslator } from '../../src/translation/paved-road/translate-paved-road.js';
import type { Translation } from '../../src/translation/translation.js';

const settings = { keepFrontend: false, engineImage: 'vllm/vllm-openai:v0' };
const pool = (spec: object, annotations?: Record<string, string>) =>
  ({
    apiVersion: 'inference.llm-d.io/v1alpha1',
    kind: 'InferencePool',
    metadata: { name: 'chat', namespace: 'ns', uid: 'u', annotations },
    spec,
  }) as PavedRoadInferencePool;
const deepseek = {
  model: 'deepseek-ai/deepseek-v3',
  replicas: { prefill: 4, decode: 8 },
  hardware: { accelerator: 'nvidia-h100' },
  kvCache: { tier: 'gpu-cpu-ssd' },
};
const translated = (object: PavedRoadInferencePool): Translation => {
  const result = pavedRoadTranslator.translate(object, settings);
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result;
};
const problemsOf = (object: PavedRoadInferencePool) => {
  const result = pavedRoadTranslator.translate(object, settings);
  return 'problems' in result ? result.problems.map(({ field, message }) => `${field} ${message}`) : [];
};
const cliquesOf = ({ objects: [set] }: Translation) => {
  if (!set) throw new Error('no set');
  return (set.object as PodCliqueSet).spec.template.cliques;
};
const gpusOf = (translation: Translation) => {
  const [container] = cliquesOf(translation).flatMap(({ spec }) => spec.podSpec.containers);
  return (container as { resources?: { limits: Record<string, string> } }).resources?.limits[
    'nvidia.com/gpu'
  ];
};

describe('a paved-road pool with both roles', () => {
  const result = translated(pool(deepseek));

  it('becomes cliques, a pool, a model and a variant per role', () => {
    expect(
      result.objects.map(
        ({ object: { kind, metadata } }) => `${kind} ${metadata.namespace}/${metadata.name}`,
      ),
    ).toEqual([
      'PodCliqueSet ns/chat',
      'InferencePool ns/chat',
      'InferenceModel ns/chat',
      'VariantAutoscaling ns/chat-decode',
      'VariantAutoscaling ns/chat-prefill',
    ]);
    expect(
      cliquesOf(result).map(({ name, spec, labels }) => [name, spec.replicas, spec.minAvailable, labels]),
    ).toEqual([
      ['decode', 8, 1, { 'llm-d.ai/role': 'decode', 'penstock.dev/pool': 'chat' }],
      ['prefill', 4, 1, { 'llm-d.ai/role': 'prefill', 'penstock.dev/pool': 'chat' }],
    ]);
    expect(result.objects[4]?.object).toMatchObject({
      spec: {
        scaleTargetRef: { apiVersion: 'grove.io/v1alpha1', kind: 'PodClique', name: 'chat-0-prefill' },
        modelID: 'deepseek-ai/deepseek-v3',
        minReplicas: 4,
        maxReplicas: 8,
      },
    });
    expect(result.objects[1]?.object).toMatchObject({
      spec: { selector: { matchLabels: { 'penstock.dev/pool': 'chat' } } },
    });
  });

  it('starts vLLM on the GPUs that were asked for', () => {
    const { podSpec } = cliquesOf(result)[0]?.spec ?? {};
    const [container] = podSpec?.containers ?? [];
    expect(container).toMatchObject({
      image: 'vllm/vllm-openai:v0',
      ports: [{ containerPort: 8000 }, { name: 'kv-events' }, { name: 'kv-replay' }],
      resources: { limits: { 'nvidia.com/gpu': '8' } },
    });
    expect(container?.args?.slice(0, 4)).toEqual([
      'deepseek-ai/deepseek-v3',
      '--port=8000',
      '--tensor-parallel-size=8',
      '--kv-transfer-config',
    ]);
    expect(JSON.stringify(podSpec?.['affinity'])).toContain('"values":["NVIDIA-H100-80GB-HBM3"');
  });

  it('says that no folders of tiers are known and that the model does not fit the GPUs', () => {
    expect(result.notActedUpon).toEqual([
      {
        field: 'spec.hardware.accelerator',
        why: expect.stringMatching(/weights of about 671 GB.*will not start/),
      },
      { field: 'spec.replicas.prefill', why: expect.stringContaining('not split yet') },
      { field: 'spec.kvCache.tier', why: expect.stringMatching(/stay in GPU memory.*--tier-cpu-host-path/) },
    ]);
  });
});

describe('a paved-road pool', () => {
  it('without prefill engines decodes and prefills in the same ones', () => {
    const result = translated(pool({ model: 'Qwen/Qwen3-32B', replicas: { decode: 2 } }));
    expect(result.objects).toHaveLength(4);
    expect(cliquesOf(result).map(({ name, labels }) => [name, labels?.['llm-d.ai/role']])).toEqual([
      ['decode', 'both'],
    ]);
    expect(cliquesOf(result)[0]?.spec.podSpec.containers[0]?.args).not.toContain('--kv-transfer-config');
  });

  it('scales between the numbers of the annotation', () => {
    const object = pool(
      { model: 'm-8b', replicas: { decode: 4 } },
      { 'penstock.dev/decode-replicas': '0..16' },
    );
    expect(translated(object).objects[3]?.object).toMatchObject({
      spec: { minReplicas: 0, maxReplicas: 16 },
    });
  });

  it('may sleep', () => {
    const result = translated(pool({ model: 'm-8b', replicas: { decode: 0 } }));
    expect(cliquesOf(result)[0]?.spec.replicas).toBe(0);
    expect(result.objects[3]?.object).toMatchObject({ spec: { minReplicas: 0, maxReplicas: 1 } });
  });

  it.each([
    ['Qwen/Qwen3-0.6B', 'nvidia-h100', '1'],
    ['Qwen/Qwen3-32B', 'nvidia-h100', '2'],
    ['meta-llama/Llama-3.1-70B-Instruct', 'nvidia-h100', '4'],
    ['acme/Llama-3.1-70B-FP8', 'h100', '2'],
    ['deepseek-ai/deepseek-v3', 'nvidia-h200', '8'],
    ['deepseek-ai/DeepSeek-R1-Distill-Llama-70B', 'nvidia-h200', '2'],
    ['acme/secret', 'nvidia-h100', '1'],
    ['Qwen/Qwen3-32B', 'NVIDIA-L40S', '1'],
  ])('gives %s on %s %s GPU(s)', (model, accelerator, gpus) => {
    const result = translated(pool({ model, replicas: { decode: 1 }, hardware: { accelerator } }));
    expect(gpusOf(result)).toBe(gpus);
    const isKnown = model !== 'acme/secret' && accelerator !== 'NVIDIA-L40S';
    expect(result.notActedUpon.map(({ field }) => field)).toEqual(isKnown ? [] : ['spec.hardware']);
  });

  it('gives an engine as many GPUs as the annotation says, on exactly the product that is named', () => {
    const hardware = { accelerator: 'NVIDIA-H100-NVL' };
    const object = pool({ ...deepseek, hardware }, { 'penstock.dev/gpus-per-engine': '16' });
    expect(gpusOf(translated(object))).toBe('16');
    expect(cliquesOf(translated(object))[0]?.spec.podSpec['nodeSelector']).toEqual({
      'nvidia.com/gpu.product': 'NVIDIA-H100-NVL',
    });
  });

  it.each([
    ['auto', '--dtype=auto', '4'],
    ['bfloat16', '--dtype=bfloat16', '4'],
    ['float32', '--dtype=float32', '8'],
    ['fp8', '--quantization=fp8', '2'],
  ])('tells engines the type %s of the weights, and counts it', (dtype, flag, gpus) => {
    const spec = { ...deepseek, model: 'meta-llama/Llama-3.1-70B-Instruct' };
    const result = translated(pool(spec, { 'penstock.dev/model-dtype': dtype }));
    expect(gpusOf(result)).toBe(gpus);
    for (const { spec } of cliquesOf(result))
      expect(spec.podSpec.containers[0]).toMatchObject({ args: expect.arrayContaining([flag]) });
  });

  it.each([
    ['huggingface', 'False'],
    ['modelscope', 'True'],
  ])('tells engines to load from %s', (source, value) => {
    const result = translated(pool(deepseek, { 'penstock.dev/model-source': source }));
    for (const { spec } of cliquesOf(result))
      expect(spec.podSpec.containers[0]).toMatchObject({
        env: expect.arrayContaining([{ name: 'VLLM_USE_MODELSCOPE', value }]),
      });
  });

  it('names fields that it does not know', () => {
    const object = pool({ ...deepseek, model: 'm-8b', kvCache: { tier: 'gpu', sizeGi: 3 }, sla: {} });
    expect(translated(object).notActedUpon.map(({ field }) => field)).toEqual([
      'spec.replicas.prefill',
      'spec.sla',
      'spec.kvCache.sizeGi',
    ]);
  });

  it.each<[object, Record<string, string>, RegExp]>([
    [
      { ...deepseek, hardware: { accelerator: 'tpu-v5' } },
      {},
      /^spec.hardware.accelerator "tpu-v5".*nvidia-h100/,
    ],
    [
      { ...deepseek, replicas: { prefill: 1, decode: 0 } },
      {},
      /^spec.replicas.decode .*ask for decode engines/,
    ],
    [{ ...deepseek, replicas: undefined }, {}, /^spec.replicas/],
    [{ ...deepseek, replicas: { decode: -1 } }, {}, /^spec.replicas.decode/],
    [{ ...deepseek, model: '' }, {}, /^spec.model/],
    [deepseek, { 'penstock.dev/gpus-per-engine': 'many' }, /gpus-per-engine\] is "many": write the number/],
    [
      deepseek,
      { 'penstock.dev/model-dtype': 'int3' },
      /model-dtype\] is "int3": write one of auto, bfloat16/,
    ],
    [deepseek, { 'penstock.dev/model-source': 'toString' }, /is "toString": write one of huggingface/],
    [deepseek, { 'penstock.dev/decode-replicas': '8' }, /is "8": write the least and the most/],
    [deepseek, { 'penstock.dev/decode-replicas': '9..8' }, /not below the least/],
    [deepseek, { 'penstock.dev/prefill-replicas': '5..8' }, /spec.replicas.prefill, 4, must lie within/],
  ])('refuses mistakes: %#', (spec, annotations, expected) => {
    expect(problemsOf(pool(spec, annotations))).toEqual([expect.stringMatching(expected)]);
  });
});

describe('the tiers of a paved-road pool', () => {
  const tiers = { tierCpuHostPath: '/dev/shm/kv', tierChunkBlocks: 32, tierStagingBytes: 1024 };
  const both = { ...tiers, tierSsdHostPath: '/var/lib/kv' };
  const engine = (spec: object, more: object) => {
    const result = pavedRoadTranslator.translate(pool(spec), { ...settings, ...more });
    if ('problems' in result) throw new Error(JSON.stringify(result.problems));
    const podSpec = cliquesOf(result)[0]?.spec.podSpec;
    const container = podSpec?.containers[0] as Record<string, unknown> & { args: string[] };
    const at = container.args.indexOf('--kv-transfer-config');
    const transfer = at < 0 ? undefined : JSON.parse(container.args[at + 1] ?? '');
    const notes = result.notActedUpon.filter(({ field }) => field === 'spec.kvCache.tier');
    return { podSpec, container, transfer, notes: notes.map(({ why }) => why) };
  };
  const offloading = (...folders: string[]) => ({
    kv_connector: 'OffloadingConnector',
    kv_role: 'kv_both',
    kv_connector_extra_config: {
      spec_name: 'TieringOffloadingSpec',
      cpu_bytes_to_use: 1024,
      blocks_per_chunk: 32,
      secondary_tiers: folders.map((name, i) => ({
        type: 'fs',
        root_dir: `/kv/${name}`,
        enable_kv_events: i === 0,
      })),
    },
  });
  const one = { model: 'm-8b', replicas: { decode: 1 } };

  it('are folders of the node, in which engines that hash alike store and look', () => {
    const { podSpec, container, transfer, notes } = engine(
      { ...one, kvCache: { tier: 'gpu-cpu-ssd' } },
      both,
    );
    expect(transfer).toEqual(offloading('cpu', 'ssd'));
    expect(notes).toEqual([]);
    expect(podSpec?.['volumes']).toEqual(
      expect.arrayContaining([
        { name: 'kv-cpu', hostPath: { path: '/dev/shm/kv', type: 'DirectoryOrCreate' } },
        { name: 'kv-ssd', hostPath: { path: '/var/lib/kv', type: 'DirectoryOrCreate' } },
      ]),
    );
    expect(container['volumeMounts']).toEqual(
      expect.arrayContaining([
        { name: 'kv-cpu', mountPath: '/kv/cpu' },
        { name: 'kv-ssd', mountPath: '/kv/ssd' },
      ]),
    );
    expect(container.args).toContain('--prefix-caching-hash-algo=sha256_cbor');
    expect(container['env']).toContainEqual({ name: 'PYTHONHASHSEED', value: '0' });
  });

  it('are asked after the engines that prefill', () => {
    const spec = { ...one, replicas: { prefill: 1, decode: 1 }, kvCache: { tier: 'gpu-cpu' } };
    expect(engine(spec, both).transfer).toMatchObject({
      kv_connector: 'MultiConnector',
      kv_connector_extra_config: { connectors: [{ kv_connector: 'NixlConnector' }, offloading('cpu')] },
    });
  });

  it.each([
    ['gpu', both, undefined],
    [undefined, both, undefined],
    ['gpu-cpu', {}, /--tier-cpu-host-path/],
    ['gpu-cpu-ssd', tiers, /no folder of the ssd tier.*--tier-ssd-host-path/],
    ['gpu-tape', both, /^gpu-tape: write gpu, gpu-cpu, gpu-cpu-ssd$/],
    ['constructor', both, /^constructor: write gpu/],
  ])('%s leaves blocks in GPU memory, and says so where something else was wanted', (tier, more, why) => {
    const { transfer, notes } = engine({ ...one, kvCache: { tier } }, more);
    expect(transfer).toBeUndefined();
    expect(notes).toEqual(why === undefined ? [] : [expect.stringMatching(why)]);
  });
});

describe('any paved-road pool', () => {
  const count = fc.integer({ min: 0, max: 20 });
  const spec = fc.record(
    {
      model: fc.oneof(
        fc.constantFrom('a/b-7B', 'deepseek-ai/deepseek-v3'),
        fc.string({ minLength: 1, maxLength: 20 }),
      ),
      replicas: fc.record({ prefill: count, decode: count }, { requiredKeys: ['decode'] }),
      hardware: fc.record({ accelerator: fc.constantFrom('nvidia-h100', 'h200', 'NVIDIA-L40S') }),
      kvCache: fc.record({ tier: fc.constantFrom('gpu', 'gpu-cpu') }),
    },
    { requiredKeys: ['model', 'replicas'] },
  );

  it('becomes a valid set with the replicas asked for, within the bounds of its variants', () => {
    fc.assert(
      fc.property(spec, (fields) => {
        const result = pavedRoadTranslator.translate(pool(fields), settings);
        const { decode, prefill = 0 } = fields.replicas;
        if ('problems' in result) {
          expect(decode === 0 && prefill > 0).toBe(true);
          return;
        }
        expect(podCliqueSetSchema.safeParse(result.objects[0]?.object).error).toBeUndefined();
        const cliques = cliquesOf(result);
        expect(cliques.map((c) => c.spec.replicas)).toEqual(prefill > 0 ? [decode, prefill] : [decode]);
        result.objects.slice(3).forEach(({ object }, i) => {
          const { minReplicas, maxReplicas } = (object as unknown as { spec: Record<string, number> }).spec;
          const replicas = cliques[i]?.spec.replicas ?? -1;
          expect([minReplicas, maxReplicas]).toEqual([replicas, Math.max(1, 2 * replicas)]);
        });
        expect(result.notActedUpon.some(({ field }) => field === 'spec.kvCache.tier')).toBe(
          fields.kvCache?.tier === 'gpu-cpu',
        );
      }),
    );
  });
});
