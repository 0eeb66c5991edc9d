/** The container cannot be configured: Kubernetes' CreateContainerConfigError. */
export class ContainerConfigError extends Error {}
