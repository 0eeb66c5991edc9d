import { describe, expect, it } from '@jest/globals';
import { podCliqueSetSchema } from '@penstock/contracts';
import fc from 'fast-check';
import {
  clique,
  cliquesOf,
  disaggregated,
  graph,
  noteOf,
  problemsOf,
  translate,
  translated,
  worker,
} from './graph-builder.js';

describe('a disaggregated graph', () => {
  const result = translated(graph(disaggregated));

  it('becomes one set without the frontend, a pool and a model', () => {
    expect(
      result.objects.map(({ object: { kind, metadata } }) => [kind, metadata.namespace, metadata.name]),
    ).toEqual([
      ['PodCliqueSet', 'ns', 'chat'],
      ['InferencePool', 'ns', 'chat'],
      ['InferenceModel', 'ns', 'chat'],
    ]);
    expect(podCliqueSetSchema.safeParse(result.objects[0]?.object).error).toBeUndefined();
    expect(cliquesOf(result).map(({ name, spec }) => [name, spec.replicas])).toEqual([
      ['decode', 2],
      ['prefill', 1],
    ]);
    expect(result.objects[2]?.object).toMatchObject({
      spec: { modelName: 'Qwen/Qwen3-0.6B', poolRef: { name: 'chat' } },
    });
  });

  it('labels the pods with their role, and with the pool that selects them', () => {
    const pool = result.objects[1]?.object as unknown as { spec: object };
    expect(pool.spec).toEqual({
      selector: { matchLabels: { 'penstock.dev/pool': 'chat' } },
      targetPorts: [{ number: 8000 }],
    });
    for (const role of ['decode', 'prefill']) {
      expect(clique(result, role).labels).toEqual({ 'llm-d.ai/role': role, 'penstock.dev/pool': 'chat' });
    }
  });

  it('runs the server of vLLM in place of the worker, with transfer between the roles and events for the index', () => {
    const { container } = clique(result, 'prefill');
    expect(container).toMatchObject({
      name: 'main',
      image: 'registry.example/vllm-runtime:1',
      workingDir: '/workspace',
      command: ['python3', '-m', 'vllm.entrypoints.openai.api_server'],
      resources: { requests: { 'nvidia.com/gpu': '1' }, limits: { 'nvidia.com/gpu': '1' } },
      readinessProbe: { httpGet: { path: '/health', port: 8000 } },
      volumeMounts: [{ name: 'shared-memory', mountPath: '/dev/shm' }],
    });
    const args = container['args'] as string[];
    expect(args.slice(0, 3)).toEqual(['--model', 'Qwen/Qwen3-0.6B', '--kv-transfer-config']);
    expect(args).not.toContain('--is-prefill-worker');
    expect(JSON.parse(args[args.indexOf('--kv-events-config') + 1] ?? '')).toMatchObject({
      enable_kv_cache_events: true,
      endpoint: 'tcp://*:5557',
    });
    expect(container['env']).toEqual([
      { name: 'VLLM_NIXL_SIDE_CHANNEL_HOST', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    ]);
  });

  it('says what has no effect', () => {
    expect(noteOf(result, 'spec.services.Frontend')).toContain('penstock.dev/keep-frontend: "true" keeps it');
    expect(noteOf(result, 'spec.services.Prefill')).toContain('not split yet');
    expect(noteOf(result, 'spec.services.Decode.dynamoNamespace')).toContain('discovery');
    expect(noteOf(result, 'spec.services.Decode.extraPodSpec.mainContainer.command')).toContain('api_server');
  });

  it('does not depend on the order of the services', () => {
    const reversed = Object.fromEntries(Object.entries(disaggregated).reverse());
    expect(translated(graph(reversed))).toEqual(result);
  });
});

describe('keeping the frontend', () => {
  const annotation = (value: string) => ({ annotations: { 'penstock.dev/keep-frontend': value } });

  it.each([
    ['the setting', graph(disaggregated), true],
    ['the annotation', graph(disaggregated, annotation('true')), false],
  ])(
    'by %s runs everything as written, the frontend first, and makes it the pool',
    (_how, object, setting) => {
      const result = translated(object, setting);
      expect(cliquesOf(result).map(({ name, spec }) => [name, spec.startsAfter])).toEqual([
        ['decode', ['frontend']],
        ['frontend', undefined],
        ['prefill', ['frontend']],
      ]);
      expect(clique(result, 'frontend').labels).toMatchObject({
        'penstock.dev/pool': 'chat',
        'llm-d.ai/role': 'both',
      });
      expect(clique(result, 'frontend').container).toMatchObject({
        command: ['python3', '-m', 'dynamo.frontend'],
        readinessProbe: { httpGet: { path: '/health', port: 8000 } },
      });
      expect(clique(result, 'decode').labels).toEqual({ 'llm-d.ai/role': 'decode' });
      expect(clique(result, 'prefill').container).toMatchObject({
        command: ['python3', '-m', 'dynamo.vllm'],
        args: ['--model', 'Qwen/Qwen3-0.6B', '--is-prefill-worker'],
      });
    },
  );

  it('lets the annotation of one graph say no, and refuses what is neither', () => {
    expect(cliquesOf(translated(graph(disaggregated, annotation('false')), true))).toHaveLength(2);
    expect(problemsOf(graph(disaggregated, annotation('yes')))).toEqual([
      expect.stringMatching(/keep-frontend\] is "yes": write "true" or "false"/),
    ]);
  });
});

describe('a service', () => {
  it('merges the environment: graph, service, container', () => {
    const service = worker([], {
      envs: [
        { name: 'A', value: 'service' },
        { name: 'B', value: 'service' },
      ],
      envFromSecret: 'token',
    });
    const main = { ...service.extraPodSpec.mainContainer, env: [{ name: 'B', value: 'container' }] };
    const spec = {
      envs: [
        { name: 'A', value: 'graph' },
        { name: 'C', value: 'graph' },
      ],
    };
    const result = translated(graph({ W: { ...service, extraPodSpec: { mainContainer: main } } }, { spec }));
    expect(clique(result, 'w').container).toMatchObject({
      env: [
        { name: 'A', value: 'service' },
        { name: 'C', value: 'graph' },
        { name: 'B', value: 'container' },
      ],
      envFrom: [{ secretRef: { name: 'token' } }],
    });
  });

  it('keeps the pod spec around its container', () => {
    const service = worker([]);
    const extraPodSpec = {
      ...service.extraPodSpec,
      nodeName: 'n1',
      tolerations: [{ key: 'gpu' }],
      containers: [{ name: 'sidecar', image: 's:1' }],
      volumes: [{ name: 'shared-memory', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } }],
    };
    const volumeMounts = [{ name: 'models', mountPoint: '/models', useAsCompilationCache: true }];
    const result = translated(graph({ W: { ...service, extraPodSpec, volumeMounts } }));
    const { podSpec } = clique(result, 'w').spec;
    expect(podSpec).toMatchObject({ tolerations: [{ key: 'gpu' }] });
    expect(podSpec).not.toHaveProperty('nodeName');
    expect(podSpec.containers.map(({ name }) => name)).toEqual(['main', 'sidecar']);
    expect(podSpec.volumes).toEqual([
      { name: 'shared-memory', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } },
      { name: 'models', persistentVolumeClaim: { claimName: 'models' } },
    ]);
    expect(clique(result, 'w').container['volumeMounts']).toEqual([
      { name: 'shared-memory', mountPath: '/dev/shm' },
      { name: 'models', mountPath: '/models' },
    ]);
    expect(noteOf(result, 'spec.services.W.extraPodSpec.nodeName')).toContain('chooses the nodes');
    expect(noteOf(result, 'spec.services.W.volumeMounts[0].useAsCompilationCache')).toBe('is not supported');
  });

  it('keeps probes of the engine itself and replaces those of Dynamo', () => {
    const own = { httpGet: { path: '/health', port: 8000 }, periodSeconds: 9 };
    const kept = translated(graph({ W: worker([], { livenessProbe: own, readinessProbe: own }) }));
    expect(clique(kept, 'w').container).toMatchObject({ livenessProbe: own, readinessProbe: own });
    const foreign = { httpGet: { path: '/live', port: 9090 } };
    const replaced = translated(
      graph({ W: worker([], { livenessProbe: foreign, readinessProbe: foreign }) }),
    );
    expect(clique(replaced, 'w').container['livenessProbe']).toBeUndefined();
    expect(clique(replaced, 'w').container).toMatchObject({ readinessProbe: { httpGet: { port: 8000 } } });
    expect(noteOf(replaced, 'spec.services.W.readinessProbe')).toContain('status server');
  });

  it.each([
    [worker([]), 'both', 'alone'],
    [worker([], { subComponentType: 'decode' }), 'decode', 'by subComponentType'],
    [worker([], { componentType: 'prefill' }), 'prefill', 'by componentType'],
    [worker(['--disaggregation-mode', 'prefill']), 'prefill', 'by --disaggregation-mode'],
    [worker(['--is-decode-worker']), 'decode', 'by --is-decode-worker'],
    [
      worker([], { envs: [{ name: 'DYN_VLLM_IS_PREFILL_WORKER', value: 'true' }] }),
      'prefill',
      'by its environment',
    ],
    [worker(['--is-prefill-worker'], { labels: { 'llm-d.ai/role': 'both' } }), 'both', 'by its label'],
  ])('has a role: %#', (service, role, _why) => {
    const result = translated(graph({ W: service, Other: worker([], { subComponentType: 'both' }) }));
    expect(clique(result, 'w').labels?.['llm-d.ai/role']).toBe(role);
  });

  it('is read out of a simple shell command, and left alone in a longer script', () => {
    const shell = (script: string) =>
      worker([], {
        extraPodSpec: { mainContainer: { image: 'i:1', command: ['/bin/sh', '-c'], args: [script] } },
      });
    const simple = translated(
      graph({ W: shell("exec python3 -m dynamo.vllm --model 'a/b' --connector nixl lmcache") }),
    );
    expect(clique(simple, 'w').container).toMatchObject({
      command: ['python3', '-m', 'vllm.entrypoints.openai.api_server'],
      args: ['--model', 'a/b'],
    });
    expect(noteOf(simple, 'spec.services.W.extraPodSpec.mainContainer.args')).toContain(
      'without --connector',
    );
    const script = 'pip list && vllm serve --model=a/b';
    const long = translated(graph({ W: shell(script) }));
    expect(clique(long, 'w').container).toMatchObject({ command: ['/bin/sh', '-c'], args: [script] });
    expect(long.objects[2]?.object).toMatchObject({ spec: { modelName: 'a/b' } });
  });
});

describe('several models', () => {
  it('become a pool each', () => {
    const other = worker([]);
    other.extraPodSpec.mainContainer.args = ['--model', 'other/model', '--port', '9000'];
    const { objects } = translated(graph({ A: worker([]), B: other }));
    const facts = objects.slice(1).map(({ object }) => {
      const { kind, metadata, spec } = object as unknown as {
        kind: string;
        metadata: { name: string };
        spec: { modelName?: string; poolRef?: { name: string }; targetPorts?: [{ number: number }] };
      };
      return [kind, metadata.name, spec.modelName ?? spec.targetPorts?.[0].number, spec.poolRef?.name];
    });
    expect(facts).toEqual([
      ['InferencePool', 'chat-a', 8000, undefined],
      ['InferenceModel', 'chat-a-0', 'Qwen/Qwen3-0.6B', 'chat-a'],
      ['InferencePool', 'chat-b', 9000, undefined],
      ['InferenceModel', 'chat-b-0', 'other/model', 'chat-b'],
    ]);
  });
});

describe('any graph', () => {
  const service = fc.record(
    {
      componentType: fc.constantFrom('worker', 'frontend', 'planner', 'prefill', 'decode', 'main'),
      subComponentType: fc.constantFrom('prefill', 'decode'),
      replicas: fc.integer({ min: 0, max: 5 }),
      resources: fc.constantFrom(
        { limits: { gpu: '2' } },
        { requests: { cpu: '1' } },
        { limits: { gpu: 'x' } },
      ),
      envs: fc.constant([{ name: 'A', value: '1' }]),
      multinode: fc.constantFrom({ nodeCount: 1 }, { nodeCount: 2 }),
      ingress: fc.constant({ enabled: true }),
      extraPodSpec: fc.record(
        {
          mainContainer: fc.record(
            {
              image: fc.constantFrom('i:1', ''),
              command: fc.constantFrom(
                ['python3', '-m', 'dynamo.vllm'],
                ['vllm', 'serve'],
                ['/bin/sh', '-c'],
                [],
              ),
              args: fc.array(
                fc.constantFrom(
                  '--model',
                  'm',
                  '--model=n',
                  '--is-prefill-worker',
                  '--port',
                  '1',
                  'vllm serve m',
                  '"',
                ),
                { maxLength: 5 },
              ),
            },
            { requiredKeys: ['image'] },
          ),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  );

  it('becomes objects their schemas accept with every kept worker in a clique, or problems that name their fields', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('A', 'B', 'C', 'Frontend'), service),
        fc.boolean(),
        (services, keepFrontend) => {
          const object = graph(services);
          const before = structuredClone(object);
          const result = translate(object, keepFrontend);
          expect(object).toEqual(before);
          expect(translate(object, keepFrontend)).toEqual(result);
          if ('problems' in result) {
            for (const { field, message } of result.problems) expect([field, message]).not.toContain('');
            return;
          }
          expect(podCliqueSetSchema.safeParse(result.objects[0]?.object).error).toBeUndefined();
          const cliques = cliquesOf(result);
          const leftOut = result.notActedUpon.filter(({ why }) => /takes? its (place|work)/.test(why));
          expect(cliques.length + leftOut.length).toBe(Object.keys(services).length);
          for (const { spec, labels } of cliques) {
            expect(labels?.['llm-d.ai/role']).toMatch(/^(prefill|decode|both)$/);
            expect(spec.podSpec.containers[0]?.image).toBe('i:1');
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
