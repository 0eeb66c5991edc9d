import type { ImageCommand } from '../dev-cluster-options.js';
import type { ApiObject } from '../object/api-object.js';
import type { ObjectStore } from '../storage/object-store.js';
import { containerEnvironment } from './container-environment.js';
import { expandVariables } from './expand-variables.js';
import type { ContainerSpec } from './pod-spec.js';

export interface ProcessCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * What to run for a container: the stand-in's command, the container's args, and `--host <pod address>` unless the
 * args name a host. The container's `command` belongs to the image that is stood in for and is left out.
 *
 * @throws ContainerConfigError when the environment refers to something that is not there
 */
export function containerCommand(
  pod: ApiObject,
  container: ContainerSpec,
  podIp: string,
  image: ImageCommand,
  store: ObjectStore,
): ProcessCommand {
  const env = containerEnvironment(pod, container, podIp, store);
  const given = Array.isArray(container['args']) ? container['args'].map(String) : [];
  const args = given.map((arg) => expandVariables(arg, env));
  const hasHost = args.some((arg) => arg === '--host' || arg.startsWith('--host='));
  const [program = '', ...leading] = image.command;
  return { program, args: [...leading, ...args, ...(hasHost ? [] : ['--host', podIp])], env };
}
