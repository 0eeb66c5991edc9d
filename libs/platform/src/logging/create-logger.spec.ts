import { describe, expect, it } from '@jest/globals';
import { createLogger } from './create-logger.js';

const CANARY = 'canary-7f3a-the-secret-prompt';

describe('createLogger', () => {
  const lines: string[] = [];
  const logger = createLogger({
    service: 'demo',
    instance: 'demo-1',
    level: 'debug',
    fields: ['queueDepth'],
    destination: { write: (line: string) => void lines.push(line) },
  });

  it('writes allowed fields and withholds everything else', () => {
    logger.info(
      { requestId: 'r-1', queueDepth: 3, prompt: CANARY, body: { messages: [CANARY] }, tokenIds: [1, 2] },
      'picked',
    );
    const line = JSON.parse(lines.at(-1) ?? '');
    expect(line).toMatchObject({
      level: 'info',
      service: 'demo',
      requestId: 'r-1',
      queueDepth: 3,
      withheldFields: 3,
      msg: 'picked',
    });
    expect(lines.join('')).not.toContain(CANARY);
  });

  it('does not let a JSON error quote the prompt', () => {
    try {
      JSON.parse(`{"prompt": ${CANARY}}`);
    } catch (err) {
      logger.warn({ err }, 'bad body');
    }
    expect(lines.join('')).not.toMatch(/canary-7f/);
    expect(JSON.parse(lines.at(-1) ?? '').err.type).toBe('SyntaxError');
  });

  it('hides credentials of addresses in messages, fields and errors', () => {
    const url = 'nats://me:hunter2@nats:4222';
    logger.warn({ address: url, err: new Error(`${url} refused`) }, `${url} is away`);
    expect(lines.join('')).not.toContain('hunter2');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      address: 'nats://***@nats:4222',
      msg: 'nats://***@nats:4222 is away',
    });
  });

  it('keeps code and message of other errors, but not their extra fields', () => {
    const err = Object.assign(new Error('connect failed'), { code: 'ECONNREFUSED', body: CANARY });
    logger.error({ err }, 'scrape failed');
    const line = JSON.parse(lines.at(-1) ?? '');
    expect(line.err).toMatchObject({ message: 'connect failed', code: 'ECONNREFUSED' });
    expect(line.err.body).toBeUndefined();
  });
});
