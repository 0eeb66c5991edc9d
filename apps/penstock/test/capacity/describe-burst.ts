import { describe, expect, it } from '@jest/globals';
import { generateRamp } from '@penstock/core/twin';
import { runRamp } from '../../src/replay/ramp.js';
import { TokenPrompts } from '../../src/replay/token-prompts.js';
import { NAMESPACE } from '../../src/suite/suite-options.js';
import { CapacityLab } from './capacity-lab.js';
import { expectBound } from './expect-bound.js';
import { clique, cliqueSet, engineContainer } from './objects.js';

const { ENGINES } = CapacityLab;

export function describeBurst(lab: CapacityLab): void {
  describe('a burst of load', () => {
    it('adds the engine that fits, asks for one more, and gives both back without a failed request', async () => {
      // Four GPUs for others leave two of eight for a second engine and none for a third.
      const others = engineContainer({ port: lab.suite.ports.engineHttp, model: 'other', gpus: 4 });
      await lab.create(cliqueSet('others', 'others', { cliques: [clique('all', others, {})] }));
      await expectBound(lab, 'others', 'others-0', 1);
      await lab.patchVariant(NAMESPACE, 'laptop', { spec: { maxReplicas: 3 } });
      const seen = lab.decided.length;

      const prompts = new TokenPrompts(4000);
      // Prompts so long that few requests fill the KV cache of an engine (307,328 tokens).
      const requests = generateRamp({
        ...{ seed: 5, inputTokens: 20_000, outputTokens: 600, lowPerSecond: 0.1, peakPerSecond: 1.5 },
        ...{ riseSeconds: 20, holdSeconds: 50, fallSeconds: 10 },
      });
      const { suite, cluster } = lab;
      const result = await runRamp({
        ...{ cluster, record: suite.record, requests, policy: '3-2-2', source: 'test' },
        writePrompt: (request, ordinal) => prompts.write(request, ordinal),
      });
      expect(result.problems).toEqual([]);
      expect(result.base).toBe(1);
      expect(result.timeline.peak).toEqual({ wanted: 3, ready: 2 });
      expect(result.summary).toMatchObject({ failures: 0, requests: requests.length });
      const decisions = lab.decided.slice(seen).filter(({ target }) => target.name === ENGINES);
      expect(decisions.slice(-2).map(({ from, to }) => [from, to])).toEqual([
        [3, 2],
        [2, 1],
      ]);
      const refused = lab.refused.filter(({ gang }) => gang.name === 'laptop-0');
      expect(refused.flatMap(({ reasons }) => reasons).join()).toContain('Insufficient nvidia.com/gpu');
      await expectBound(lab, NAMESPACE, 'laptop-0', 1);
      await lab.remove('others', '', ['set', 'others']);
    }, 200_000);
  });
}
