import type { NatsInspector, StreamReport } from '@penstock/messaging';
import { maskUrl } from '@penstock/platform';
import type { Check, Finding } from '../finding.js';
import { findings } from '../findings.js';

const { ok, fail, warn } = findings('nats');

/** Oldest nats-server that the services work with. */
const LEAST_VERSION = [2, 9, 10];

/**
 * The server, JetStream and the streams. `known`: the installation uses the sizes and ages of the table, so that these
 * are compared too.
 */
export const checkNats = (inspector: Promise<NatsInspector>, compare: 'known' | 'portable'): Check => ({
  area: 'nats',
  run: async () => {
    const nats = await inspector.catch((error: Error) => {
      throw new Error(maskUrl(error.message));
    });
    const streams = await nats.streams(compare);
    return [versionFinding(nats.version), ok('jetstream', 'enabled'), streamFinding(streams)];
  },
});

function versionFinding(version: string): Finding {
  const parts = version.split(/[.-]/).map(Number);
  const differs = LEAST_VERSION.findIndex((least, i) => least !== parts[i]);
  const isOld = differs >= 0 && !((parts[differs] ?? 0) > (LEAST_VERSION[differs] ?? 0));
  const least = LEAST_VERSION.join('.');
  return isOld
    ? fail(
        'version',
        `nats-server ${version} is older than ${least}`,
        `install nats-server ${least} or newer`,
      )
    : ok('version', `nats-server ${version}`);
}

function streamFinding(streams: readonly StreamReport[]): Finding {
  const missing = streams.filter(({ present }) => !present).map(({ name }) => name);
  const drifted = streams.filter(({ drift }) => drift.length > 0);
  if (missing.length > 0) {
    return fail(
      'streams',
      `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`,
      'every service makes them when it connects: check that one runs and that its NATS user may create streams',
    );
  }
  if (drifted.length > 0) {
    return warn(
      'streams',
      drifted.map(({ name, drift }) => `${name}: ${drift.join(', ')}`).join('; '),
      'undo the change, or delete the stream: it is made again',
    );
  }
  const messages = streams.reduce((sum, stream) => sum + stream.messages, 0);
  return ok('streams', `${streams.length} streams as they should be, ${messages} messages`);
}
