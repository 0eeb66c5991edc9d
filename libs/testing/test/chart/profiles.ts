import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChartCopies } from './chart-copies.js';
import type { Release } from './helm.js';

/** A file of values of the tests. */
export const valuesFile = (name: string): string =>
  fileURLToPath(new URL(`./values/${name}.yaml`, import.meta.url));

/** Ways to install the chart: those it offers, the values files that users of other charts have, and all at once. */
export const PROFILES = [
  'default',
  'dev',
  'ha',
  'external',
  'ha-external',
  'foreign-a',
  'foreign-b',
  'everything',
  'all-namespaces',
] as const;

export type Profile = (typeof PROFILES)[number];

/** The release of a profile. */
export function releaseOf(profile: Profile, { alone, whole }: ChartCopies): Release {
  const own = (name: string) => join(whole, `values-${name}.yaml`);
  const releases: Record<Profile, Release> = {
    default: { chart: whole },
    dev: { chart: whole, files: [own('dev')] },
    ha: { chart: whole, files: [own('ha')] },
    external: { chart: alone, files: [own('external')] },
    'ha-external': { chart: alone, files: [own('ha'), own('external')] },
    'foreign-a': { chart: whole, files: [valuesFile('foreign-a')] },
    'foreign-b': { chart: whole, files: [valuesFile('foreign-b')] },
    everything: { chart: whole, files: [own('ha'), valuesFile('everything')] },
    'all-namespaces': {
      chart: whole,
      files: [own('ha'), valuesFile('everything')],
      values: { global: { allNamespaces: true } },
    },
  };
  return releases[profile];
}
