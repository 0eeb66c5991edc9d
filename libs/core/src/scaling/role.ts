/** What an engine does for a request: its prompt, its output, both, or work that nobody waits for. */
export type Role = 'prefill' | 'decode' | 'both' | 'batch';
