/** The store's keys of claims for devices and of what they are made from. */
export const CLAIMS = 'resourceclaims.resource.k8s.io';
export const TEMPLATES = 'resourceclaimtemplates.resource.k8s.io';

/** Names the entry of the pod's spec that a claim was made for. */
export const POD_CLAIM_ANNOTATION = 'resource.kubernetes.io/pod-claim-name';

/** Holds a claim while it has devices. */
export const CLAIM_FINALIZER = 'resource.kubernetes.io/delete-protection';

/** As the real controller writes. */
export const MANAGER = 'kube-controller-manager';
