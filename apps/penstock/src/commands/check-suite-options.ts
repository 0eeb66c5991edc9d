import { UsageError } from '../output/usage-error.js';
import { chooseProfile } from '../suite/choose-profile.js';
import type { SuiteOptions } from '../suite/suite-options.js';
import { addressVariables } from './address-options.js';

/** Refuses what no suite can be started with, and takes away variables that are for this program only. */
export function checkSuiteOptions({ gpu, model }: SuiteOptions): void {
  try {
    chooseProfile(gpu, model);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  for (const variable of addressVariables()) delete process.env[variable];
}
