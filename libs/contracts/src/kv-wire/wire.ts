/** Layout of a `kv.delta` batch. A reader that does not know it leaves the batch alone: it cannot tell what changed. */
export const KV_WIRE = 1;

/**
 * Most bytes of a `kv.delta` with more than one delta: half of what nats-server takes by default (`max_payload`, 1 MiB),
 * so that headers, and a single delta of the largest size that is published as one, fit as well.
 */
export const KV_BATCH_BYTES = 512 * 1024;
