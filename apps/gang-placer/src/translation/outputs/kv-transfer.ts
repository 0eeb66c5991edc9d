/** How KV blocks go from the engine that prefilled to the one that decodes: by NIXL, and either may be either. */
export const KV_TRANSFER = {
  args: ['--kv-transfer-config', '{"kv_connector":"NixlConnector","kv_role":"kv_both"}'],
  /** Engines of other nodes reach NIXL at this address. */
  env: [{ name: 'VLLM_NIXL_SIDE_CHANNEL_HOST', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
} as const;
