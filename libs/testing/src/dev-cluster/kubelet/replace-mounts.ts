import type { MountedFolder } from './pod-volumes.js';

/**
 * A text with every mount path in it replaced by the real folder: processes see the machine's own file system, so
 * this is how a container's `--file=/etc/x/y` finds its volume. A path counts where it begins (`/etc/x` in
 * `/var/etc/x` does not) and as whole names (`/etc/x` in `/etc/xy` does not). A real folder stays as it is, also where
 * a mount path leads to it (`/dev/shm`): an argument may come from a variable that was replaced before.
 *
 * @param mounts the longest mount path first
 */
export function replaceMounts(text: string, mounts: readonly MountedFolder[]): string {
  const folders = new Map(mounts.filter((m) => m.mountPath).map((m) => [m.mountPath, m.folder]));
  if (folders.size === 0) return text;
  const real = [...folders.values()].sort((a, b) => b.length - a.length);
  const paths = [...real, ...folders.keys()].map((path) => path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(`(?<![\\w./-])(?:${paths.join('|')})(?![\\w.-])`, 'g');
  return text.replace(pattern, (path) => (real.includes(path) ? path : (folders.get(path) ?? path)));
}
