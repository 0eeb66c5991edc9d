/** What an engine does: `prefill` never gets a whole request. */
export type EngineRole = 'prefill' | 'decode' | 'both' | 'batch';

/** Values of llm-d's label for engines that only prepare requests for others. */
const PREPARING = new Set(['prefill', 'encode', 'encode-prefill']);

/** The role of an engine by its pod's label `llm-d.ai/role`: without one, or with one nobody knows, it does everything. */
export function engineRole(label: string | undefined): EngineRole {
  if (label !== undefined && PREPARING.has(label)) return 'prefill';
  return label === 'decode' || label === 'batch' ? label : 'both';
}
