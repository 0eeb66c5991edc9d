// One line for an event, or for each engine of one. Fields as in docs/reference/events.md, or as the JSON Schemas of libs/contracts/schemas.

/** The versions of event data that this example understands; an event of another is named and left alone. */
const KNOWN_VERSIONS: Readonly<Record<string, string>> = { 'kv.delta': '2' };
const DEFAULT_VERSION = '1';
/** The layout of `kv.delta` that it understands. */
const KNOWN_WIRE = 1;

interface Decided {
  readonly requestId: string;
  readonly endpoint: string;
  readonly promptTokens: number;
  readonly matchedTokens: number;
}
interface Change {
  readonly tier: string;
  readonly window?: boolean;
  readonly removed: string;
  readonly stored: string;
}
interface Deltas {
  readonly wire: number;
  readonly deltas: ReadonlyArray<{
    readonly engine: string;
    readonly sequence: number;
    readonly changes: readonly Change[];
  }>;
}
interface Stored {
  readonly engine: string;
  readonly node: string;
  readonly files: readonly unknown[];
}
interface Moved {
  readonly node?: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly keys: string;
  readonly bytes: number;
}
interface Pressure {
  readonly node?: string;
  readonly tier: string;
  readonly usedBytes: number;
  readonly capacityBytes: number;
}

/** Number of keys in a packed field: base64 of 8 bytes each. */
const keyCount = (packed: string) => Buffer.from(packed, 'base64').length / 8;

const changeOf = ({ tier, window, stored, removed }: Change) =>
  `${tier}${window ? '(window)' : ''}=+${keyCount(stored)}-${keyCount(removed)}`;

const TEXT: Readonly<Record<string, (data: never) => string | string[]>> = {
  'routing.decided': ({ requestId, endpoint, matchedTokens, promptTokens }: Decided) =>
    `request=${requestId} endpoint=${endpoint} matched=${matchedTokens}/${promptTokens}`,
  // What changed in all engines that one ingester follows.
  'kv.delta': ({ wire, deltas }: Deltas) => {
    if (wire !== KNOWN_WIRE) return `has wire ${wire}, which is not known here`;
    return deltas.map(({ engine, sequence, changes }) =>
      [`engine=${engine} sequence=${sequence}`, ...changes.map(changeOf)].join(' '),
    );
  },
  'tier.stored': ({ engine, node, files }: Stored) => `engine=${engine} node=${node} files=${files.length}`,
  'tier.moved': ({ node, from, to, keys, bytes }: Moved) =>
    `node=${node ?? 'none'} from=${from ?? 'engine'} to=${to ?? 'nowhere'} blocks=${keyCount(keys)} bytes=${bytes}`,
  'tier.pressure': ({ node, tier, usedBytes, capacityBytes }: Pressure) =>
    `node=${node ?? 'none'} tier=${tier} used=${usedBytes}/${capacityBytes}`,
};

/** Reverse of the encoding of subject tokens: `=2E` is a dot, a lone `=` is the empty text. */
function decodeToken(token: string): string {
  return token === '=' ? '' : decodeURIComponent(token.replaceAll('=', '%'));
}

/**
 * The line for an event, or the lines.
 *
 * @param subject `penstock.v1.<domain>.<event>.<namespace>.<pool>[.<key>]`
 * @param header value of a header, undefined or empty when there is none
 */
export function describe(
  subject: string,
  header: (name: string) => string | undefined,
  payload: Uint8Array,
): string {
  const [, , domain, event, namespace = '', pool = ''] = subject.split('.');
  const type = `${domain}.${event}`;
  const place = `${decodeToken(namespace)}/${decodeToken(pool)}`;
  const version = header('ce-dataversion');
  if (version !== (KNOWN_VERSIONS[type] ?? DEFAULT_VERSION))
    return `${type} ${place} has version ${version || 'none'}, which is not known here`;
  const text = TEXT[type];
  if (!text) return `${type} ${place}`;
  const told = text(JSON.parse(new TextDecoder().decode(payload)) as never);
  return [told]
    .flat()
    .map((each) => `${type} ${place} ${each}`)
    .join('\n');
}
