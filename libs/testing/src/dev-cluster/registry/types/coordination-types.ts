/** coordination.k8s.io/v1. Notation: `parse-types.ts`. */
export const COORDINATION_TYPES = `
Lease: 1 metadata+ ObjectMeta; 2 spec+ LeaseSpec
LeaseSpec: 1 holderIdentity* string; 2 leaseDurationSeconds* int32[1..]; 3 acquireTime* MicroTime;
  4 renewTime* MicroTime; 5 leaseTransitions* int32; 6 strategy* string; 7 preferredHolder* string
`;
