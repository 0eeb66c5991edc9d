import { describe, expect, it } from '@jest/globals';
import { readPubAck } from './pub-ack.js';

describe('readPubAck', () => {
  it.each([
    [0, '{"stream":"S","seq":1}', { outcome: 'stored', duplicate: false }],
    [0, '{"stream":"S","seq":1,"duplicate":true}', { outcome: 'stored', duplicate: true }],
    [503, '', { outcome: 'no-stream' }],
    [
      0,
      '{"error":{"code":400,"err_code":10054,"description":"message size exceeds maximum allowed"},"stream":"S","seq":0}',
      { outcome: 'refused', status: 400, errorCode: 10054, reason: 'message size exceeds maximum allowed' },
    ],
    [0, 'x', { outcome: 'refused', status: 500, errorCode: 0, reason: 'the answer is not JSON' }],
    [0, '1', { outcome: 'refused', status: 500, errorCode: 0, reason: 'the answer is not an object' }],
    [
      0,
      '{}',
      { outcome: 'refused', status: 500, errorCode: 0, reason: 'the answer is without the name of a stream' },
    ],
  ])('%i %s', (status, payload, ack) => {
    expect(readPubAck(status, payload)).toEqual(ack);
  });
});
