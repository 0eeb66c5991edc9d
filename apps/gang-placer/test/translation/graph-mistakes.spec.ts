import { describe, expect, it } from '@jest/globals';
import { frontend, graph, problemsOf, worker } from './graph-builder.js';

describe('mistakes', () => {
  it.each<[string, object, RegExp]>([
    ['no services', {}, /^spec.services holds no worker/],
    ['only a frontend', { Frontend: frontend }, /^spec.services holds no worker/],
    ['only prefill', { P: worker(['--is-prefill-worker']) }, /holds only prefill workers/],
    ['no image', { W: { componentType: 'worker' } }, /mainContainer.image is missing/],
    [
      'two nodes',
      { W: worker([], { multinode: { nodeCount: 2 } }) },
      /^spec.services.W.multinode an engine across 2/,
    ],
    [
      'a fraction of a GPU',
      { W: worker([], { resources: { limits: { gpu: '0.5' } } }) },
      /limits.gpu is "0.5"/,
    ],
    [
      'an unknown resource',
      { W: worker([], { resources: { limits: { disk: '1' } } }) },
      /limits.disk is not a resource/,
    ],
    ['one name twice', { W: worker([]), w: worker([]) }, /has the clique name w like/],
    ['a name that is none', { 'my worker': worker([]) }, /must consist of letters/],
    ['two ports', { A: worker([]), B: worker(['--port', '9']) }, /--port 9 differs from 8000 of A/],
    ['a port that is none', { A: worker(['--port', 'http']) }, /--port must be 1 to 65535/],
    [
      'another framework',
      {
        W: {
          ...worker([]),
          extraPodSpec: { mainContainer: { image: 'i', command: ['python3', '-m', 'dynamo.sglang'] } },
        },
      },
      /dynamo.sglang can only be reached through Dynamo's frontend/,
    ],
    [
      'no model',
      { W: { ...worker([]), extraPodSpec: { mainContainer: { image: 'i', command: ['vllm', 'serve'] } } } },
      /args names no model: add --model/,
    ],
    ['a wrong type', { W: { replicas: 'two' } }, /^spec.services.W.replicas/],
  ])('%s', (_what, services, expected) => {
    expect(problemsOf(graph(services))).toEqual(expect.arrayContaining([expect.stringMatching(expected)]));
  });
});
