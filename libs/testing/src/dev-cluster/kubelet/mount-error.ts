import { ContainerConfigError } from './container-config-error.js';

/** A volume cannot be mounted: Kubernetes' FailedMount. The container waits and it is tried again. */
export class MountError extends ContainerConfigError {}
