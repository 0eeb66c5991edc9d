import { z } from 'zod';
import type { ImageCommand } from '../dev-cluster-options.js';

const imageCommand: z.ZodType<ImageCommand> = z.strictObject({
  command: z.array(z.string()).min(1),
  ownCommand: z.enum(['ignore', 'append']).optional(),
});

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
 * Reads an `--image` flag: `name=program arg…` split at spaces, `name=["program","arg with spaces"]`, or
 * `name={"command":["program"],"ownCommand":"append"}` with all that an `ImageCommand` has.
 *
 * @throws Error saying what the flag has to look like
 */
export function parseImageFlag(flag: string): [name: string, command: ImageCommand] {
  const at = flag.indexOf('=');
  const name = flag.slice(0, at).trim();
  const text = flag.slice(at + 1).trim();
  const given: unknown = /^[[{]/.test(text) ? parseJson(text) : text.split(/\s+/).filter(Boolean);
  const image = imageCommand.safeParse(Array.isArray(given) ? { command: given } : given);
  if (at < 1 || !name || !image.success) {
    throw new Error(
      `--image ${JSON.stringify(flag)}: expected name=program arg… or name=["program","arg",…] or name={"command":[…],"ownCommand":"ignore"|"append"}`,
    );
  }
  return [name, image.data];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
