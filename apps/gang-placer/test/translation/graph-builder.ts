import { type DynamoGraphDeployment, type PodCliqueSet } from '@penstock/contracts';
import { graphTranslator } from '../../src/translation/graph/translate-graph.js';
import type { Translation, TranslationResult } from '../../src/translation/translation.js';

export const settings = { keepFrontend: false, engineImage: 'unused' };
export const worker = (args: string[], more: object = {}) => ({
  dynamoNamespace: 'chat',
  componentType: 'worker',
  replicas: 1,
  resources: { limits: { gpu: '1' } },
  extraPodSpec: {
    mainContainer: {
      image: 'registry.example/vllm-runtime:1',
      workingDir: '/workspace',
      command: ['python3', '-m', 'dynamo.vllm'],
      args: ['--model', 'Qwen/Qwen3-0.6B', ...args],
    },
  },
  ...more,
});
export const frontend = {
  componentType: 'frontend',
  replicas: 1,
  extraPodSpec: { mainContainer: { image: 'f:1' } },
};
export const disaggregated = {
  Frontend: { ...frontend, envs: [{ name: 'DYN_ROUTER_MODE', value: 'kv' }] },
  Decode: worker([], { replicas: 2 }),
  Prefill: worker(['--is-prefill-worker']),
};

export const graph = (services: object, more: { annotations?: object; spec?: object } = {}) =>
  ({
    apiVersion: 'nvidia.com/v1alpha1',
    kind: 'DynamoGraphDeployment',
    metadata: { name: 'chat', namespace: 'ns', uid: 'u', annotations: more.annotations },
    spec: { services, ...more.spec },
  }) as DynamoGraphDeployment;
export const translate = (object: DynamoGraphDeployment, keepFrontend = false): TranslationResult =>
  graphTranslator.translate(object, { ...settings, keepFrontend });
export const translated = (object: DynamoGraphDeployment, keepFrontend = false): Translation => {
  const result = translate(object, keepFrontend);
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result;
};
export const problemsOf = (object: DynamoGraphDeployment) => {
  const result = translate(object);
  return 'problems' in result ? result.problems.map(({ field, message }) => `${field} ${message}`) : [];
};
export const cliquesOf = ({ objects: [set] }: Translation) => {
  if (!set) throw new Error('no set');
  return (set.object as PodCliqueSet).spec.template.cliques;
};
export const clique = (translation: Translation, name: string) => {
  const found = cliquesOf(translation).find((c) => c.name === name);
  if (!found) throw new Error(`no clique ${name}`);
  return { ...found, container: found.spec.podSpec.containers[0] as Record<string, unknown> };
};
export const noteOf = ({ notActedUpon }: Translation, field: string) =>
  notActedUpon.filter((note) => note.field === field).map(({ why }) => why)[0];
