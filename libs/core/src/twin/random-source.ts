import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Draws that a generator of workloads needs. */
export interface RandomSource {
  /** In [0, 1). */
  uniform(): number;
  /** In [0, count). */
  index(count: number): number;
  exponential(mean: number): number;
  /** Log-normal with this mean; sigma is the standard deviation of the logarithm. */
  logNormal(mean: number, sigma: number): number;
  shuffle<T>(items: T[]): T[];
}

/** A stream of draws that depends only on the seed (a 32-bit integer). */
export function randomSource(seed: number): RandomSource {
  const generator = xoroshiro128plus(seed | 0);
  // Neighbouring seeds give neighbouring first draws.
  for (let i = 0; i < 16; i++) generator.next();
  const uniform = () => uniformFloat64(generator);
  const index = (count: number) => uniformInt(generator, 0, count - 1);
  return {
    uniform,
    index,
    exponential: (mean) => -mean * Math.log(1 - uniform()),
    logNormal(mean, sigma) {
      const normal = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
      return mean * Math.exp(sigma * normal - (sigma * sigma) / 2);
    },
    shuffle(items) {
      for (let i = items.length - 1; i > 0; i--) {
        const j = index(i + 1);
        [items[i], items[j]] = [items[j]!, items[i]!];
      }
      return items;
    },
  };
}
