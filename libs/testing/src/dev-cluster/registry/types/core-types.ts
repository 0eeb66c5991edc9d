/** The other kinds of core/v1. Notation: `parse-types.ts`. */
export const CORE_TYPES = `
Node: 1 metadata+ ObjectMeta; 2 spec+ NodeSpec; 3 status+ NodeStatus
Namespace: 1 metadata+ ObjectMeta; 2 spec+ NamespaceSpec; 3 status+ NamespaceStatus
Service: 1 metadata+ ObjectMeta; 2 spec+ ServiceSpec; 3 status+ ServiceStatus
ConfigMap: 1 metadata+ ObjectMeta; 4 immutable* bool; 2 data map[string]; 3 binaryData map[bytes]
Secret: 1 metadata+ ObjectMeta; 5 immutable* bool; 2 data map[bytes]; 4 stringData map[string];
  3 type string="Opaque"
ServiceAccount: 1 metadata+ ObjectMeta; 2 secrets []ObjectReference{name}~name;
  3 imagePullSecrets []LocalObjectReference; 4 automountServiceAccountToken* bool
Endpoints: 1 metadata+ ObjectMeta; 2 subsets []EndpointSubset
Event: 1 metadata+ ObjectMeta; 2 involvedObject+ ObjectReference; 3 reason string; 4 message string;
  5 source+ EventSource; 6 firstTimestamp+ Time; 7 lastTimestamp+ Time; 8 count int32; 9 type string;
  10 eventTime+ MicroTime; 11 series EventSeries; 12 action string; 13 related ObjectReference;
  14 reportingComponent+ string; 15 reportingInstance+ string
PersistentVolumeClaim: 0 apiVersion string; 0 kind string; 1 metadata+ ObjectMeta; 2 spec+ PersistentVolumeClaimSpec;
  3 status+ PersistentVolumeClaimStatus
NodeSpec: 1 podCIDR string; 7 podCIDRs []string{}~; 3 providerID string; 4 unschedulable bool;
  5 taints []Taint; 6 configSource NodeConfigSource; 2 externalID string
NodeStatus: 1 capacity map[Quantity]; 2 allocatable map[Quantity];
  3 phase string(Pending|Running|Terminated); 4 conditions []NodeCondition{type}~type;
  5 addresses []NodeAddress{type}~type; 6 daemonEndpoints+ NodeDaemonEndpoints; 7 nodeInfo+ NodeSystemInfo;
  8 images []ContainerImage; 9 volumesInUse []string; 10 volumesAttached []AttachedVolume;
  11 config NodeConfigStatus; 12 runtimeHandlers []NodeRuntimeHandler; 13 features NodeFeatures;
  14 declaredFeatures []string
NamespaceSpec: 1 finalizers []string
NamespaceStatus: 1 phase string(Active|Terminating); 2 conditions []NamespaceCondition{type}~type
ServiceSpec: 1 ports []ServicePort{port,protocol}~port; 2 selector map[string] atomic; 3 clusterIP string;
  18 clusterIPs []string; 4 type string(ClusterIP|NodePort|LoadBalancer|ExternalName)="ClusterIP";
  5 externalIPs []string; 7 sessionAffinity string(ClientIP|None)="None"; 8 loadBalancerIP string;
  9 loadBalancerSourceRanges []string; 10 externalName string;
  11 externalTrafficPolicy string(Cluster|Local); 12 healthCheckNodePort int32;
  13 publishNotReadyAddresses bool; 14 sessionAffinityConfig SessionAffinityConfig;
  19 ipFamilies []string(IPv4|IPv6|);
  17 ipFamilyPolicy* string(SingleStack|PreferDualStack|RequireDualStack);
  20 allocateLoadBalancerNodePorts* bool; 21 loadBalancerClass* string;
  22 internalTrafficPolicy* string(Cluster|Local)="Cluster"; 23 trafficDistribution* string
ServiceStatus: 1 loadBalancer+ LoadBalancerStatus; 2 conditions []Condition{type}~type
EndpointSubset: 1 addresses []EndpointAddress; 2 notReadyAddresses []EndpointAddress; 3 ports []EndpointPort
EventSource: 1 component string; 2 host string
EventSeries: 1 count int32; 2 lastObservedTime+ MicroTime
PersistentVolumeClaimStatus: 1 phase string(Pending|Bound|Lost);
  2 accessModes []string(ReadWriteOnce|ReadOnlyMany|ReadWriteMany|ReadWriteOncePod);
  3 capacity map[Quantity]; 4 conditions []PersistentVolumeClaimCondition{type}~type;
  5 allocatedResources map[Quantity];
  7 allocatedResourceStatuses map[string];
  8 currentVolumeAttributesClassName* string; 9 modifyVolumeStatus ModifyVolumeStatus
Taint: 1 key!+ string; 2 value string; 3 effect!+ string(NoSchedule|PreferNoSchedule|NoExecute);
  4 timeAdded* Time
NodeConfigSource: 2 configMap ConfigMapNodeConfigSource
NodeCondition: 1 type+ string; 2 status+ string; 3 lastHeartbeatTime+ Time; 4 lastTransitionTime+ Time;
  5 reason string; 6 message string
NodeAddress: 1 type+ string; 2 address+ string
NodeDaemonEndpoints: 1 kubeletEndpoint+ DaemonEndpoint
NodeSystemInfo: 1 machineID+ string; 2 systemUUID+ string; 3 bootID+ string; 4 kernelVersion+ string;
  5 osImage+ string; 6 containerRuntimeVersion+ string; 7 kubeletVersion+ string;
  8 kubeProxyVersion+ string; 9 operatingSystem+ string; 10 architecture+ string; 11 swap NodeSwapStatus
ContainerImage: 1 names* []string; 2 sizeBytes int64
AttachedVolume: 1 name+ string; 2 devicePath+ string
NodeConfigStatus: 1 assigned NodeConfigSource; 2 active NodeConfigSource; 3 lastKnownGood NodeConfigSource;
  4 error string
NodeRuntimeHandler: 1 name+ string; 2 features NodeRuntimeHandlerFeatures
NodeFeatures: 1 supplementalGroupsPolicy* bool
NamespaceCondition: 1 type+ string; 2 status+ string; 4 lastTransitionTime+ Time; 5 reason string;
  6 message string
ServicePort: 1 name string; 2 protocol string(TCP|UDP|SCTP)="TCP"; 6 appProtocol* string;
  3 port!+ int32[1..65535]; 4 targetPort IntOrString; 5 nodePort int32
SessionAffinityConfig: 1 clientIP ClientIPConfig
LoadBalancerStatus: 1 ingress []LoadBalancerIngress
EndpointAddress atomic: 1 ip+ string; 3 hostname string; 4 nodeName* string; 2 targetRef ObjectReference
EndpointPort atomic: 1 name string; 2 port+ int32; 3 protocol string(TCP|UDP|SCTP)="TCP";
  4 appProtocol* string
PersistentVolumeClaimCondition: 1 type+ string; 2 status+ string; 3 lastProbeTime+ Time;
  4 lastTransitionTime+ Time; 5 reason string; 6 message string
ModifyVolumeStatus: 1 targetVolumeAttributesClassName string;
  2 status+ string(Pending|InProgress|Infeasible)
ConfigMapNodeConfigSource: 1 namespace+ string; 2 name+ string; 3 uid string; 4 resourceVersion string;
  5 kubeletConfigKey+ string
DaemonEndpoint: 1 Port+ int32
NodeSwapStatus: 1 capacity* int64
NodeRuntimeHandlerFeatures: 1 recursiveReadOnlyMounts* bool; 2 userNamespaces* bool
ClientIPConfig: 1 timeoutSeconds* int32
LoadBalancerIngress: 1 ip string; 2 hostname string; 3 ipMode* string; 4 ports []PortStatus
PortStatus: 1 port+ int32; 2 protocol+ string(TCP|UDP|SCTP); 3 error* string
`;
