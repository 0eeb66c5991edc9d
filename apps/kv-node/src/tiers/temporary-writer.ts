/** Marks temporary files as ours: at the start of kv-node none of them can be in use. */
export const TEMPORARY_WRITER = 'kvnode-';
