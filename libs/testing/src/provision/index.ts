export {
  type BinarySource,
  type ProvisionedBinaries,
  type ProvisionOptions,
  provisionBinaries,
} from './provision-binaries.js';
export { ProvisionError } from './provision-error.js';
export { provisionPromtool } from './provision-promtool.js';
