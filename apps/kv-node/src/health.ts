import { join } from 'node:path';
import type { HealthChecks } from '@penstock/platform';
import type { KvNodeParts } from './assemble-kv-node.js';
import { OWN_FOLDER } from './tiers/own-folder.js';
import type { FolderTier } from './tiers/tier-name.js';

/** Each question to S3 costs money: a good answer holds for this long. */
const S3_PROBE_MS = 30_000;

/** Says which tiers are usable. Without the CPU tier there is nothing to do; without the others it does what is left. */
export function registerHealth(health: HealthChecks, parts: KvNodeParts): void {
  const { tiers, contact, run, objects } = parts;
  for (const { tier, options } of tiers.folders) {
    health.register({
      name: tier,
      required: tier === 'cpu',
      check: async () => {
        await tryToWrite(parts, tier, options.root);
        const { usedBytes, chunks } = tiers.inventory.use(tier);
        return `${chunks} chunks, ${usedBytes} of ${options.capacityBytes} bytes`;
      },
    });
  }
  if (objects) {
    let nextProbeMs = 0;
    health.register({
      name: 's3',
      required: false,
      timeoutMs: 3000,
      check: async () => {
        if (performance.now() >= nextProbeMs) {
          await objects.probe();
          nextProbeMs = performance.now() + S3_PROBE_MS;
        }
        return objects.where;
      },
    });
  }
  health.register({
    name: 'scan',
    required: false,
    check: () => {
      if (run.problem !== undefined) throw new Error(run.problem);
      return undefined;
    },
  });
  health.register({
    name: 'kv-offload',
    required: false,
    check: () => {
      if (contact.alone) throw new Error('is silent; capacity is guarded alone, nothing goes to S3');
      return contact.watchers > 0 ? 'follows the inventory' : 'was heard of lately';
    },
  });
}

async function tryToWrite({ fs }: KvNodeParts, tier: FolderTier, root: string): Promise<void> {
  const file = join(root, OWN_FOLDER, 'probe');
  try {
    await fs.lstat(root);
    await fs.mkdir(join(root, OWN_FOLDER), { recursive: true });
    const handle = await fs.open(file, 'w');
    await handle.close();
    await fs.unlink(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Two probes at a time remove the same file.
    if (code === 'ENOENT' && (await fs.lstat(root).catch(() => undefined))) return;
    throw new Error(`${root} cannot be written (${code}); the ${tier} tier is not usable`);
  }
}
