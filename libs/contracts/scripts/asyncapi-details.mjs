import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What the AsyncAPI document and the events page take from @penstock/messaging: the retention of each stream, and of
 * each event the bytes that its tests hold it to. Throws when an event has none.
 */
export function asyncApiDetails(root, types, STREAMS) {
  const golden = JSON.parse(readFileSync(join(root, 'libs/messaging/test/golden-events.json'), 'utf8'));
  const messages = {};
  for (const type of types) {
    const raw = golden[type];
    if (!raw)
      throw new Error(`libs/messaging/test/golden-events.json has no ${type}: add one beside its sample`);
    const lines = raw.headers.split('\r\n').slice(1).filter(Boolean);
    messages[type] = {
      subject: raw.subject,
      headers: Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
      ),
      payload: JSON.parse(raw.payload),
    };
  }
  return { streams: STREAMS, messages };
}
