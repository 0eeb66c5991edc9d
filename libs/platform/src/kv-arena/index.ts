export * from './open-replica-host.js';
export type { FollowedEngine, ReplicaHost, ReplicaHostOptions, ReplicaHostStatus } from './replica-host.js';
