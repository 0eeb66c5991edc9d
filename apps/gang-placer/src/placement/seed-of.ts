/** A seed for the ties of one gang: FNV-1a of its uid, 32 bits. The same gang always gets the same. */
export function seedOf(uid: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < uid.length; i++) hash = Math.imul(hash ^ (uid.charCodeAt(i) & 0xff), 0x01000193);
  return hash >>> 0;
}
