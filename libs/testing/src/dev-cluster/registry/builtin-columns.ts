import { CORE_COLUMNS } from './columns/core-columns.js';
import { OTHER_COLUMNS } from './columns/other-columns.js';
import { WORKLOAD_COLUMNS } from './columns/workload-columns.js';
import type { PrinterColumn } from './resource.js';

/** Table columns of the built-in kinds, by resource; Name comes first everywhere but in Events. */
export const BUILTIN_COLUMNS: Readonly<Record<string, readonly PrinterColumn[]>> = {
  ...CORE_COLUMNS,
  ...WORKLOAD_COLUMNS,
  ...OTHER_COLUMNS,
};
