import type { MountedFolder } from './pod-volumes.js';

/**
 * A text with every mount path in it replaced by the real folder: processes see the machine's own file system, so
 * this is how a container's `--file=/etc/x/y` finds its volume. A path counts where it begins (`/etc/x` in
 * `/var/etc/x` does not) and as whole names (`/etc/x` in `/etc/xy` does not).
 */
export function replaceMounts(text: string, mounts: readonly MountedFolder[]): string {
  return mounts.reduce((result, { mountPath, folder }) => {
    if (!mountPath) return result;
    const path = mountPath.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return result.replace(new RegExp(`(?<![\\w./-])${path}(?![\\w.-])`, 'g'), () => folder);
  }, text);
}
