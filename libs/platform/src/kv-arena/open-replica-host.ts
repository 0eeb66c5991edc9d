import { InThreadHost } from './in-thread-host.js';
import type { ReplicaHost, ReplicaHostOptions } from './replica-host.js';
import { WorkerHost } from './worker-host.js';

/** A host whose index is written by a thread of its own (`on`), or by the caller's. */
export function openReplicaHost(worker: 'on' | 'off', options: ReplicaHostOptions): ReplicaHost {
  return worker === 'on' ? new WorkerHost(options) : new InThreadHost(options);
}
