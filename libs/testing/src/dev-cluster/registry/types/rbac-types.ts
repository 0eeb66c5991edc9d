/** rbac.authorization.k8s.io/v1. Notation: `parse-types.ts`. */
export const RBAC_TYPES = `
Role: 1 metadata+ ObjectMeta; 2 rules* []PolicyRule
RoleBinding: 1 metadata+ ObjectMeta; 2 subjects []Subject; 3 roleRef+ RoleRef
ClusterRole: 1 metadata+ ObjectMeta; 2 rules* []PolicyRule; 3 aggregationRule AggregationRule
ClusterRoleBinding: 1 metadata+ ObjectMeta; 2 subjects []Subject; 3 roleRef+ RoleRef
PolicyRule: 1 verbs!* []string; 2 apiGroups []string; 3 resources []string; 4 resourceNames []string;
  5 nonResourceURLs []string
Subject atomic: 1 kind!+ string; 2 apiGroup string; 3 name!+ string; 4 namespace string
RoleRef atomic: 1 apiGroup+ string="rbac.authorization.k8s.io"; 2 kind!+ string; 3 name!+ string
AggregationRule: 1 clusterRoleSelectors []LabelSelector
`;
