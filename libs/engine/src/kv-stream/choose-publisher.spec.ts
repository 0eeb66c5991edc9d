import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { choosePublisher } from './choose-publisher.js';

const A = { address: '10.0.0.7', port: 8000, rank: 0 };
const B = { address: '10.0.0.8', port: 8000, rank: 0 };
/** Two engines in their node's network, and a second rank of the first behind the same HTTP server. */
const NODE = [
  { address: '10.0.0.1', port: 8000, rank: 0 },
  { address: '10.0.0.1', port: 8000, rank: 1 },
  { address: '10.0.0.1', port: 8001, rank: 0 },
] as const;
const from = (address: string, topic?: string, rank = 0) => ({ address, topic, rank });

describe('whose connection it is', () => {
  it.each([
    ['the address alone, before any message', from('10.0.0.7'), A],
    ['the address alone, with vLLM’s empty topic', from('10.0.0.7', ''), A],
    ['free text, whatever it says', from('10.0.0.8', 'kv-events'), B],
    ['the pod by name', from('10.0.0.8', 'kv@vllm-0@m'), B],
    ['the pod by address and port', from('10.0.0.7', 'kv@10.0.0.7:8000@m'), A],
    ['port and dialled rank', from('10.0.0.1', 'kv@10.0.0.1:8000@m', 1), NODE[1]],
    ['a port that only one has', from('10.0.0.1', 'kv@10.0.0.1:8001@m', 0), NODE[2]],
    [
      'that port, although its rank dialled the first one',
      from('10.0.0.1', 'kv@10.0.0.1:8001@m', 1),
      NODE[2],
    ],
    ['the rank, where only one engine has it', from('10.0.0.1', 'text', 1), NODE[1]],
  ])('%s', (_, dialled, publisher) => {
    expect(choosePublisher(dialled, [A, B, ...NODE])).toBe(publisher);
  });

  it.each([
    ['unknown-address', from('10.0.0.9', 'kv@10.0.0.7:8000@m')],
    ['unknown-address', from('10.0.0.9')],
    ['foreign-topic', from('10.0.0.8', 'kv@10.0.0.7:8000@m')],
    ['foreign-topic', from('10.0.0.7', 'kv@10.0.0.7:8001@m')],
    ['foreign-topic', from('10.0.0.7', 'kv@SHARED_STORAGE@m')],
    ['foreign-topic', from('10.0.0.7', 'kv@OBJECT_STORE@m')],
    ['ambiguous', from('10.0.0.1', '')],
    ['ambiguous', from('10.0.0.1', 'kv@node-1@m')],
    ['ambiguous', from('10.0.0.1', 'kv@10.0.0.1:8000@m', 2)],
    ['ambiguous', from('10.0.0.7', '', 1)],
  ])('nobody’s: %s %#', (reason, dialled) => {
    expect(choosePublisher(dialled, [A, B, ...NODE])).toBe(reason);
  });

  it('waits for a message where the address is not enough', () => {
    expect(choosePublisher(from('10.0.0.1'), NODE)).toBeUndefined();
    // A rank may dial the first port as well.
    expect(choosePublisher(from('10.0.0.7', undefined, 1), [A])).toBeUndefined();
  });

  it('never is an engine’s at another address, whatever the topic', () => {
    const address = fc.constantFrom('10.0.0.1', '10.0.0.7', '10.0.0.8', 'fd00::1');
    const port = fc.constantFrom(8000, 8001);
    const publisher = fc.record({ address, port, rank: fc.nat(2) });
    const topic = fc.oneof(
      fc.string(),
      fc.record({ address, port }).map((pod) => `kv@${pod.address}:${pod.port}@m`),
      fc.record({ address, port }).map((pod) => `kv@[${pod.address}]:${pod.port}@m`),
    );
    fc.assert(
      fc.property(fc.array(publisher), address, topic, fc.nat(2), (expected, peer, text, rank) => {
        const chosen = choosePublisher({ address: peer, topic: text, rank }, expected);
        return typeof chosen === 'string' || chosen?.address === peer;
      }),
    );
  });
});
