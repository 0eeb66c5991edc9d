import type { Endpoint } from '@penstock/cluster';
import type { CacheGroup, Landmark } from '@penstock/core/kv';
import { z } from 'zod';

/** Facts kept beside an engine's stored blocks: whether they still are of the same life can be told from them. */
export interface EngineFacts {
  readonly model: string;
  readonly blockSize: number;
  readonly podUid: string;
  readonly restartCount: number;
  /** When the engine's container started; absent when the cluster did not say. */
  readonly startedAtMs?: number;
  readonly landmark?: Landmark;
  /** Cache groups that the engine's events told of; absent when none did. */
  readonly groups?: readonly CacheGroup[];
}

const whole = z.coerce.number().int().nonnegative();
const groups = z.array(
  z.object({
    index: z.number().int().nonnegative().nullable(),
    kind: z.enum(['dense', 'window', 'other']),
    multiple: z.number().int().positive(),
    window: z.number().int().nonnegative(),
  }),
);
const schema = z.object({
  model: z.string().min(1),
  blockSize: whole.min(1),
  podUid: z.string(),
  restartCount: whole,
  startedAtMs: whole.optional(),
  landmarkSequence: whole.optional(),
  landmarkMark: z.string().optional(),
  groups: z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'is no JSON' });
        return z.NEVER;
      }
    })
    .pipe(groups)
    .optional(),
});

/** As strings, the way the block store keeps them. */
export function encodeFacts(facts: EngineFacts): Record<string, string> {
  const { model, blockSize, podUid, restartCount, startedAtMs, landmark, groups = [] } = facts;
  return {
    model,
    blockSize: String(blockSize),
    podUid,
    restartCount: String(restartCount),
    ...(startedAtMs === undefined ? {} : { startedAtMs: String(startedAtMs) }),
    ...(groups.length > 0 ? { groups: JSON.stringify(groups) } : {}),
    ...(landmark ? { landmarkSequence: String(landmark.sequence), landmarkMark: landmark.mark } : {}),
  };
}

/** Reverse of `encodeFacts`; undefined when they are not usable. */
export function decodeFacts(stored: Readonly<Record<string, string>>): EngineFacts | undefined {
  const parsed = schema.safeParse(stored);
  if (!parsed.success) return undefined;
  const { landmarkSequence, landmarkMark, ...facts } = parsed.data;
  if (landmarkSequence === undefined || landmarkMark === undefined) return facts;
  return { ...facts, landmark: { sequence: landmarkSequence, mark: landmarkMark } };
}

/** Whether the cluster says that the engine's process is still the one the facts are about. */
export function isSameProcess(
  facts: Pick<EngineFacts, 'podUid' | 'restartCount' | 'startedAtMs'>,
  now: Pick<Endpoint, 'podUid' | 'restartCount' | 'startedAtMs'>,
): boolean {
  if (facts.podUid !== now.podUid || facts.restartCount !== now.restartCount) return false;
  return (
    facts.startedAtMs === undefined || now.startedAtMs === undefined || facts.startedAtMs === now.startedAtMs
  );
}
