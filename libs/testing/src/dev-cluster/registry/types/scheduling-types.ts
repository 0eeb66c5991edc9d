/** scheduling.k8s.io: priority classes of v1, workloads and pod groups of v1alpha2. Notation: `parse-types.ts`. */
export const SCHEDULING_TYPES = `
PriorityClass: 1 metadata+ ObjectMeta; 2 value+ int32; 3 globalDefault bool; 4 description string;
  5 preemptionPolicy* string(PreemptLowerPriority|Never)="PreemptLowerPriority"
PodGroup: 1 metadata+ ObjectMeta; 2 spec+ PodGroupSpec; 3 status+ PodGroupStatus
Workload: 1 metadata+ ObjectMeta; 2 spec+ WorkloadSpec
PodGroupSpec: 1 podGroupTemplateRef PodGroupTemplateReference; 2 schedulingPolicy+ PodGroupSchedulingPolicy;
  3 schedulingConstraints PodGroupSchedulingConstraints;
  4 resourceClaims []PodGroupResourceClaim{name}~name; 5 disruptionMode* string(Pod|PodGroup)="Pod";
  6 priorityClassName string; 7 priority* int32
PodGroupStatus: 1 conditions []Condition{type}~type;
  2 resourceClaimStatuses []PodGroupResourceClaimStatus{name}~name
WorkloadSpec: 1 controllerRef TypedLocalObjectReference; 2 podGroupTemplates!* []PodGroupTemplate{name}
PodGroupTemplateReference: 1 workload WorkloadPodGroupTemplateReference
PodGroupSchedulingPolicy: 1 basic BasicSchedulingPolicy; 2 gang GangSchedulingPolicy
PodGroupSchedulingConstraints: 1 topology []TopologyConstraint
PodGroupResourceClaim: 1 name+ string; 2 resourceClaimName* string; 3 resourceClaimTemplateName* string
PodGroupResourceClaimStatus: 1 name+ string; 2 resourceClaimName* string
TypedLocalObjectReference: 1 apiGroup string; 2 kind+ string; 3 name+ string
PodGroupTemplate: 1 name!+ string; 2 schedulingPolicy+ PodGroupSchedulingPolicy;
  3 schedulingConstraints PodGroupSchedulingConstraints;
  4 resourceClaims []PodGroupResourceClaim{name}~name; 5 disruptionMode* string(Pod|PodGroup);
  6 priorityClassName string; 7 priority* int32
WorkloadPodGroupTemplateReference: 1 workloadName+ string; 2 podGroupTemplateName+ string
BasicSchedulingPolicy:
GangSchedulingPolicy: 1 minCount!+ int32[1..]
TopologyConstraint: 1 key!+ string
`;
