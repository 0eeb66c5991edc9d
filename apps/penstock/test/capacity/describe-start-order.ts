import { describe, expect, it } from '@jest/globals';
import { GROVE_LABELS, type Pod } from '@penstock/contracts';
import type { CapacityLab } from './capacity-lab.js';
import { hasEngineProcess } from './engine-process.js';
import { expectBound } from './expect-bound.js';
import { clique, cliqueSet, engineContainer, poolObjects } from './objects.js';

const SPACE = 'ordered';
const MODEL = 'ordered-model';
const OF_SET = `${GROVE_LABELS.partOf}=ordered`;
/** Clique and the one before it. */
const ORDER = [
  ['prefill', 'router'],
  ['decode', 'prefill'],
] as const;
const podOf = (name: string) => `ordered-0-${name}-0`;
const namesOf = (pods: readonly Pod[]) => pods.map(({ metadata }) => metadata.name);
const roleOf = (role: string) => ({ app: 'ordered', 'llm-d.ai/role': role });

export function describeStartOrder(lab: CapacityLab): void {
  async function addSet(): Promise<void> {
    const port = lab.suite.ports.engineHttp;
    const engine = engineContainer({ port, model: MODEL });
    const router = engineContainer({ port, model: 'router' });
    // Long enough that a clique which does not wait for it would be seen.
    const readinessProbe = { ...router.readinessProbe, initialDelaySeconds: 3 } as NonNullable<
      typeof router.readinessProbe
    >;
    await lab.create(
      cliqueSet(SPACE, 'ordered', {
        cliqueStartupType: 'CliqueStartupTypeInOrder',
        cliques: [
          clique('router', { ...router, readinessProbe }, { app: 'router' }),
          clique('prefill', engine, roleOf('prefill')),
          clique('decode', engine, roleOf('decode')),
        ],
      }),
    );
  }

  describe('a set that starts in order', () => {
    it('starts a clique when the one before is ready; requests are held until decode engines are', async () => {
      await lab.create(...poolObjects(SPACE, 'ordered', lab.suite.ports.engineHttp, MODEL));
      await lab.frontDoor.untilPoolIsKnown(SPACE, 'ordered');
      const answers = lab.frontDoor.complete(MODEL, 4);
      const held = () => lab.frontDoor.held(SPACE, 'ordered');
      await lab.until('the requests to be held', async () => (await held()) === 4);
      await addSet();

      const started: string[] = [];
      const tooEarly: string[] = [];
      await lab.until('decode to be ready', async () => {
        // What runs is read first: whatever it had to wait for is ready by then.
        const running = namesOf((await lab.pods(SPACE, OF_SET)).filter(hasEngineProcess));
        const ready = namesOf(await lab.readyPods(SPACE, OF_SET));
        for (const pod of running) if (!started.includes(pod)) started.push(pod);
        for (const [name, before] of ORDER)
          if (running.includes(podOf(name)) && !ready.includes(podOf(before))) tooEarly.push(name);
        return ready.includes(podOf('decode'));
      });
      expect(tooEarly).toEqual([]);
      expect(started).toEqual(['router', 'prefill', 'decode'].map(podOf));

      const done = await answers;
      expect(done.map(({ status, text }) => (status === 200 ? status : text))).toEqual(Array(4).fill(200));
      const [decode] = await lab.readyPods(SPACE, `${GROVE_LABELS.podClique}=ordered-0-decode`);
      const readiness = decode?.status?.conditions?.find(({ type }) => type === 'Ready');
      const readyAtMs = Date.parse(String(readiness?.['lastTransitionTime']));
      const address = `${decode?.status?.podIP}:${lab.suite.ports.engineHttp}`;
      for (const { endedAtMs, requestId } of done) {
        expect(endedAtMs).toBeGreaterThan(readyAtMs);
        expect(await lab.explainRequest(requestId)).toMatchObject({ endpoint: address });
      }
      await expectBound(lab, SPACE, 'ordered-0', 3);
    }, 150_000);
  });
}
