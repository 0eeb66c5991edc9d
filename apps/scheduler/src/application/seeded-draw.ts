/** Uniform in [0, 1), depending only on (seed, ordinal): the finaliser of splitmix32 over their sum. */
export function seededDraw(seed: number, ordinal: number): number {
  let h = (seed + Math.imul(ordinal + 1, 0x9e3779b9)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return ((h ^ (h >>> 15)) >>> 0) / 4_294_967_296;
}
