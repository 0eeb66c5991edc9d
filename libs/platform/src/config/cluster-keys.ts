import { z } from 'zod';
import { durationMs } from './base-keys.js';

/** A Kubernetes name of at most so many characters. */
export const objectName = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'must be a Kubernetes name: lower case, digits, "-" and "."');

/** Keys of every service that has one leader. @param service as the Lease names it after `penstock-` */
export const leaseKeys = (service: string) => ({
  leaseNamespace: objectName(63)
    .default('default')
    .describe('Namespace of the Lease that makes one replica the leader'),
  leaseName: objectName(253).default(`penstock-${service}`).describe('Name of that Lease'),
  leaseDurationMs: durationMs(15_000, 'How long after its last sign of life a leader is replaced'),
});
