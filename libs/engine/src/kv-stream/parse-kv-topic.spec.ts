import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseKvTopic } from './parse-kv-topic.js';

describe('topics', () => {
  it.each([
    ['kv@10.0.0.7:8000@m', { pod: '10.0.0.7:8000', model: 'm', address: '10.0.0.7', port: 8000 }],
    ['kv@[fd00::1]:8000@m', { pod: '[fd00::1]:8000', model: 'm', address: 'fd00::1', port: 8000 }],
    ['kv@10.0.0.7@org/m', { pod: '10.0.0.7', model: 'org/m' }],
    ['kv@vllm-0@', { pod: 'vllm-0', model: '' }],
    ['kv@vllm-0:8000@m', { pod: 'vllm-0:8000', model: 'm' }],
    ['kv@10.0.0.777:8000@m', { pod: '10.0.0.777:8000', model: 'm' }],
    ['kv@10.0.0.7:99999@m', { pod: '10.0.0.7:99999', model: 'm' }],
  ])('%s names a pod', (topic, expected) => {
    expect(parseKvTopic(topic)).toEqual({ source: 'pod', ...expected });
  });

  it.each([['SHARED_STORAGE'], ['OBJECT_STORE']])('kv@%s@m names storage, no pod', (medium) => {
    expect(parseKvTopic(`kv@${medium}@m`)).toEqual({ source: 'storage', medium, model: 'm' });
  });

  it.each([[''], ['kv-events'], ['kv@pod'], ['kv@@m'], ['kv@pod@m@1'], ['KV@pod@m'], ['x@pod@m']])(
    '"%s" is free text',
    (text) => {
      expect(parseKvTopic(text)).toEqual({ source: 'text', text });
    },
  );

  it('takes any text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (pod, model) => {
        const topic = parseKvTopic(`kv@${pod}@${model}`);
        return topic.source !== 'pod' || `kv@${topic.pod}@${topic.model}` === `kv@${pod}@${model}`;
      }),
    );
  });
});
