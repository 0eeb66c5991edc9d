import type { ImageCommand } from '../dev-cluster-options.js';

/** `registry/name:tag@digest` without tag and digest. A colon before the last slash belongs to the registry's port. */
function withoutTag(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^:/]+$/, '');
}

/**
 * The command that stands in for an image: one mapped for exactly this image, else for its name without tag, else
 * without Docker Hub's implied registry.
 */
export function findImageCommand(
  images: Readonly<Record<string, ImageCommand>>,
  image: string,
): ImageCommand | undefined {
  const name = withoutTag(image);
  for (const candidate of [image, name, name.replace(/^docker\.io\//, '')]) {
    if (Object.hasOwn(images, candidate)) return images[candidate];
  }
  return undefined;
}

/**
 * Reads an `--image` flag: `name=program arg…` split at spaces, or `name=["program","arg with spaces"]`.
 *
 * @throws Error saying what the flag has to look like
 */
export function parseImageFlag(flag: string): [name: string, command: ImageCommand] {
  const at = flag.indexOf('=');
  const name = flag.slice(0, at).trim();
  const text = flag.slice(at + 1).trim();
  const command = text.startsWith('[') ? parseList(text) : text.split(/\s+/).filter(Boolean);
  if (at < 1 || !name || !command || command.length === 0) {
    throw new Error(
      `--image ${JSON.stringify(flag)}: expected name=program arg… or name=["program","arg",…]`,
    );
  }
  return [name, { command }];
}

function parseList(text: string): string[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.every((item) => typeof item === 'string') ? list : undefined;
  } catch {
    return undefined;
  }
}
