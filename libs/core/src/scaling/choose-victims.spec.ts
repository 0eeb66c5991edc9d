import { describe, expect, it } from '@jest/globals';
import { chooseVictims, type EngineFacts, type Replica } from './index.js';

const replica = (name: string, over: Partial<Replica> = {}): Replica => ({
  pods: [`ns/${name}`],
  ready: true,
  draining: false,
  ...over,
});
const facts = (engine: string, running: number, over: Partial<EngineFacts> = {}): EngineFacts => ({
  engine: `ns/${engine}`,
  role: 'both',
  ready: true,
  waiting: 0,
  running,
  kvUsage: 0.1,
  kvCapacityTokens: 1000,
  ageMs: 0,
  ...over,
});
const names = (victims: Replica[]) => victims.map((victim) => victim.pods[0]);

describe('chooseVictims', () => {
  it('takes the least loaded, over all ranks of a pod, and the unknown last', () => {
    const engines = [facts('a', 5), facts('b', 1), facts('b#1', 7), facts('c', 6), facts('x', 0)];
    const replicas = ['a', 'b', 'c', 'unknown'].map((name) => replica(name));
    expect(names(chooseVictims(replicas, engines, 1))).toEqual(['ns/a']);
    expect(names(chooseVictims(replicas, engines, 9))).toEqual(['ns/a', 'ns/c', 'ns/b', 'ns/unknown']);
    expect(names(chooseVictims(replicas, [...engines, facts('unknown', Number.NaN)], 9)).at(-1)).toBe(
      'ns/unknown',
    );
  });

  it('takes the last of equals, and none that is drained already', () => {
    const replicas = [replica('a'), replica('b'), replica('c', { draining: true })];
    expect(names(chooseVictims(replicas, [], 1))).toEqual(['ns/b']);
    expect(chooseVictims(replicas, [], 0)).toEqual([]);
  });
});
