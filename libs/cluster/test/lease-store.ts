import type { Script } from './scripted-api-server.js';
import { json, status } from './scripted-api-server.js';

interface StoredLease {
  metadata: { resourceVersion: string };
  spec: { holderIdentity?: string; leaseTransitions?: number };
}

/** One Lease object with optimistic concurrency; several servers may share it to cut off one client only. */
export class LeaseStore {
  current: StoredLease | undefined;
  #version = 0;

  readonly script: Script = (request, response) => {
    const body = request.body as StoredLease;
    if (request.method === 'POST') {
      if (this.current !== undefined) return status(response, 409, 'AlreadyExists');
    } else if (this.current === undefined) {
      return status(response, 404, 'NotFound');
    } else if (
      request.method === 'PUT' &&
      body.metadata.resourceVersion !== this.current.metadata.resourceVersion
    ) {
      return status(response, 409, 'Conflict');
    }
    if (request.method !== 'GET') this.write(body);
    json(response, 200, this.current);
  };

  write(lease: StoredLease): void {
    this.current = { ...lease, metadata: { ...lease.metadata, resourceVersion: `r${++this.#version}` } };
  }
}
