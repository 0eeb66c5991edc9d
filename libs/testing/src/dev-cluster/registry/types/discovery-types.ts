/** discovery.k8s.io/v1. Notation: `parse-types.ts`. */
export const DISCOVERY_TYPES = `
EndpointSlice: 1 metadata+ ObjectMeta; 4 addressType!+ string; 2 endpoints* []Endpoint;
  3 ports* []EndpointPort
Endpoint: 1 addresses!* []string{}; 2 conditions+ EndpointConditions; 3 hostname* string;
  4 targetRef ObjectReference; 5 deprecatedTopology map[string]; 6 nodeName* string; 7 zone* string;
  8 hints EndpointHints
EndpointPort atomic: 1 name* string; 2 protocol* string(TCP|UDP|SCTP)="TCP"; 3 port* int32;
  4 appProtocol* string
EndpointConditions: 1 ready* bool; 2 serving* bool; 3 terminating* bool
EndpointHints: 1 forZones []ForZone; 2 forNodes []ForNode
ForZone: 1 name+ string
ForNode: 1 name+ string
`;
