export type { EngineContents } from './engine-contents.js';
export * from './open-replica-host.js';
export type { ReplicaHost, ReplicaHostOptions, ReplicaHostStatus } from './replica-host.js';
