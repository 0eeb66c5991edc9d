/**
 * What is known about a copy. `valid` and `reading` are usable and announced; `reading` is valid and the source of a
 * move, which pins it. A copy that is gone has no record.
 *
 * ```
 * (none) ─▶ writing ─▶ valid ◀─▶ reading
 *    └────────────────▶ │ ▲
 *                       ▼ │ (it could not be removed)
 *                    deleting ─▶ (none)
 * ```
 */
export const COPY_STATES = ['writing', 'valid', 'reading', 'deleting'] as const;
export type CopyState = (typeof COPY_STATES)[number];
