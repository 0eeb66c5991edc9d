const NIXL = { kv_connector: 'NixlConnector', kv_role: 'kv_both' };

/** How KV blocks go from the engine that prefilled to the one that decodes: by NIXL, and either may be either. */
export const KV_TRANSFER = {
  connector: NIXL,
  args: kvTransferArgs([NIXL]),
  /** Engines of other nodes reach NIXL at this address. */
  env: [{ name: 'VLLM_NIXL_SIDE_CHANNEL_HOST', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
} as const;

/** The flag for connectors: vLLM takes one, or a MultiConnector around several, which are asked in this order. */
export function kvTransferArgs(connectors: readonly object[]): readonly string[] {
  const [first] = connectors;
  if (first === undefined) return [];
  const several = { kv_connector: 'MultiConnector', kv_role: 'kv_both' };
  const config = connectors.length === 1 ? first : { ...several, kv_connector_extra_config: { connectors } };
  return ['--kv-transfer-config', JSON.stringify(config)];
}
