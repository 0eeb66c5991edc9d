import type { ImageCommand } from '../dev-cluster-options.js';
import type { ApiObject } from '../object/api-object.js';
import type { ObjectStore } from '../storage/object-store.js';
import { containerEnvironment } from './container-environment.js';
import { expandVariables } from './expand-variables.js';
import type { ContainerSpec } from './pod-spec.js';
import type { MountedFolder } from './pod-volumes.js';
import { replaceMounts } from './replace-mounts.js';

export interface ContainerToRun {
  readonly pod: ApiObject;
  readonly spec: ContainerSpec;
  readonly podIp: string;
  readonly isInit: boolean;
}

export interface ProcessCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * What to run for a container: the stand-in's command, the container's args, and `--host <pod address>` unless the
 * args name a host. The container's `command` belongs to the image that is stood in for and is left out, unless the
 * stand-in takes it (`ownCommand: 'append'`). Init containers serve nobody and get no host, sidecars do.
 *
 * @throws ContainerConfigError when the environment refers to something that is not there
 */
export function containerCommand(
  { pod, spec, podIp, isInit }: ContainerToRun,
  image: ImageCommand,
  mounts: readonly MountedFolder[],
  store: ObjectStore,
): ProcessCommand {
  const env = containerEnvironment(pod, spec, podIp, store, mounts);
  const texts = (field: string): string[] =>
    (Array.isArray(spec[field]) ? spec[field] : []).map((text) =>
      replaceMounts(expandVariables(String(text), env), mounts),
    );
  const own = image.ownCommand === 'append' ? texts('command') : [];
  const args = [...own, ...texts('args')];
  const needsHost =
    own.length === 0 &&
    (!isInit || spec['restartPolicy'] === 'Always') &&
    !args.some((arg) => arg === '--host' || arg.startsWith('--host='));
  const [program = '', ...leading] = image.command;
  return { program, args: [...leading, ...args, ...(needsHost ? ['--host', podIp] : [])], env };
}
