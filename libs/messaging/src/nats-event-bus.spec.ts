import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeEventBus, startNats, until } from '@penstock/testing';
import { connect } from 'nats';
import { DEAD_LETTER_HEADER } from './consume/dead-letter.js';
import { NatsEventBus } from './nats-event-bus.js';
import { DEAD_LETTER_STREAM } from './streams/stream-table.js';

describeEventBus({ describe, it, expect, beforeAll, afterAll }, 'NatsEventBus', async () => {
  const server = await startNats();
  const buses: NatsEventBus[] = [];
  const observer = await connect({ servers: server.url });
  const manager = await observer.jetstreamManager();
  return {
    async connect(source) {
      const bus = NatsEventBus.connect({ servers: [server.url], source, firstRetryMs: 10 });
      buses.push(bus);
      await until(() => bus.status().problem === undefined);
      return bus;
    },
    async deadLetterReasons() {
      const { state } = await manager.streams.info(DEAD_LETTER_STREAM);
      const reasons: string[] = [];
      for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq++) {
        const stored = await manager.streams.getMessage(DEAD_LETTER_STREAM, { seq });
        reasons.push(decodeURIComponent(stored.header.get(DEAD_LETTER_HEADER.reason)));
      }
      return reasons;
    },
    async close() {
      for (const bus of buses) await bus.close();
      await observer.close();
      await server.stop();
    },
  };
});
