/** Memory that the processes of one engine share: tensor parallelism needs more than a container gets by default. */
export const sharedMemory = (size: string) => ({
  volumes: [{ name: 'shared-memory', emptyDir: { medium: 'Memory', sizeLimit: size } }],
  volumeMounts: [{ name: 'shared-memory', mountPath: '/dev/shm' }],
});
