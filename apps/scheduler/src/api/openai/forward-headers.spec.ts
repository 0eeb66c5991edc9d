import { describe, expect, it } from '@jest/globals';
import { clientHeaders, clientRequestId, engineHeaders } from './forward-headers.js';

const sent = (headers: Record<string, string>) => engineHeaders(headers, 'id', '00-x');

describe('engineHeaders', () => {
  it.each([
    'x-gateway-destination-endpoint',
    'x-gateway-destination-endpoint-subset',
    'x-gateway-destination-endpoint-served',
    'x-gateway-inference-objective',
    'x-gateway-inference-fairness-id',
    'x-gateway-model-name-rewrite',
    'x-llm-d-inference-objective',
    'x-llm-d-inference-fairness-id',
    'x-llm-d-model-name-rewrite',
    'x-llm-d-slo-ttft-ms',
    'x-slo-ttft-ms',
    'x-prefiller-host-port',
    'x-encoder-hosts-ports',
    'x-data-parallel-host-port',
    'x-data-parallel-rank',
    'x-kv-cache-source-host-port',
    'x-session-token',
    'test-epp-endpoint-selection',
    'x-penstock-endpoint',
    'x-envoy-original-path',
    'x-forwarded-for',
    'connection',
    'te',
    'transfer-encoding',
    'host',
    'content-length',
    'accept-encoding',
    'expect',
  ])('does not send %s on', (name) => {
    expect(Object.keys(sent({ [name]: '169.254.169.254:80', accept: 'x' })).sort()).toEqual([
      'accept',
      'traceparent',
      'x-request-id',
    ]);
  });

  it('drops what Connection names', () => {
    expect(sent({ connection: 'close, X-Hop', 'x-hop': '1', 'x-keep': '2' })).toEqual({
      'x-keep': '2',
      'x-request-id': 'id',
      traceparent: '00-x',
    });
  });

  it('replaces a client’s own ids', () => {
    expect(sent({ 'x-request-id': 'evil', traceparent: 'evil' })).toEqual({
      'x-request-id': 'id',
      traceparent: '00-x',
    });
  });
});

describe('clientHeaders', () => {
  it('passes the answer’s headers, not hop-by-hop ones nor ours', () => {
    expect(
      clientHeaders({
        'content-type': 'a',
        'content-length': '3',
        'transfer-encoding': 'chunked',
        connection: 'close',
        'x-penstock-endpoint': 'fake',
        'x-other': 'b',
      }),
    ).toEqual({
      'content-type': 'a',
      'content-length': '3',
      'x-other': 'b',
    });
  });
});

describe('clientRequestId', () => {
  it('accepts plain tokens only', () => {
    expect(clientRequestId('a-B.9_:@/+=')).toBe('a-B.9_:@/+=');
    for (const bad of [undefined, '', 'a b', 'a\nb', 'é', 'x'.repeat(129), ['a', 'b'], 'a, b'])
      expect(clientRequestId(bad)).toBeUndefined();
  });
});
