/** Bytes of the orders that are under way, oldest first. */
export class Backlog {
  private readonly orders: Array<{ readonly number: number; readonly bytes: number }> = [];
  private total = 0;

  get bytes(): number {
    return this.total;
  }

  add(number: number, bytes: number): void {
    this.orders.push({ number, bytes });
    this.total += bytes;
  }

  /** Everything up to this order is done. */
  done(number: number): void {
    let count = 0;
    for (const order of this.orders) {
      if (order.number > number) break;
      this.total -= order.bytes;
      count++;
    }
    this.orders.splice(0, count);
  }

  clear(): void {
    this.orders.length = 0;
    this.total = 0;
  }
}
