/** policy/v1. Notation: `parse-types.ts`. */
export const POLICY_TYPES = `
PodDisruptionBudget: 1 metadata+ ObjectMeta; 2 spec+ PodDisruptionBudgetSpec;
  3 status+ PodDisruptionBudgetStatus
Eviction: 1 metadata+ ObjectMeta; 2 deleteOptions DeleteOptions
PodDisruptionBudgetSpec: 1 minAvailable* IntOrString; 2 selector LabelSelector;
  3 maxUnavailable* IntOrString; 4 unhealthyPodEvictionPolicy* string(IfHealthyBudget|AlwaysAllow)
PodDisruptionBudgetStatus: 1 observedGeneration int64; 2 disruptedPods map[Time];
  3 disruptionsAllowed+ int32; 4 currentHealthy+ int32; 5 desiredHealthy+ int32; 6 expectedPods+ int32;
  7 conditions []Condition{type}~type
`;
