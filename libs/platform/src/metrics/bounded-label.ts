/**
 * Bounds the distinct values of one label: the first `limit` pass, later ones become `other`.
 * For labels that clients can influence, such as model names.
 */
export class BoundedLabel {
  private readonly seen = new Set<string>();

  constructor(private readonly limit = 1000) {}

  of(value: string): string {
    if (this.seen.has(value)) return value;
    if (this.seen.size >= this.limit) return 'other';
    this.seen.add(value);
    return value;
  }
}
