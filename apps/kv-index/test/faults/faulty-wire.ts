import { randomBytes } from 'node:crypto';
import { Context, Publisher, Subscriber } from 'zeromq';

/** What is delivered in place of one message. */
export type WireFault = (frames: readonly Buffer[], random: () => number) => ReadonlyArray<readonly Buffer[]>;

/** Its own context: those of a service end with the service. */
const context = new Context({ blocky: false });

/** Stands between an engine's event socket and its subscribers, and does to messages what a network never should. */
export class FaultyWire {
  /** Messages that were not delivered as they came. */
  faults = 0;
  private fault: WireFault | undefined;

  private constructor(
    private readonly subscriber: Subscriber,
    private readonly publisher: Publisher,
    readonly port: number,
    private readonly random: () => number,
  ) {}

  static async between(endpoint: string, random: () => number): Promise<FaultyWire> {
    const publisher = new Publisher({ context, linger: 0, sendHighWaterMark: 100_000 });
    await publisher.bind('tcp://127.0.0.1:*');
    const subscriber = new Subscriber({ context, linger: 0, receiveHighWaterMark: 100_000 });
    subscriber.subscribe('');
    subscriber.connect(endpoint);
    const port = Number(publisher.lastEndpoint?.split(':').at(-1));
    const wire = new FaultyWire(subscriber, publisher, port, random);
    void wire.carry();
    return wire;
  }

  /** From now on every message goes through this; undefined = as it is. */
  use(fault: WireFault | undefined): void {
    this.fault = fault;
  }

  close(): void {
    this.subscriber.close();
    this.publisher.close();
  }

  private async carry(): Promise<void> {
    for await (const frames of this.subscriber) {
      const delivered = this.fault?.(frames, this.random) ?? [frames];
      if (delivered.length !== 1 || delivered[0] !== frames) this.faults++;
      for (const message of delivered) await this.publisher.send([...message]);
    }
  }
}

const some =
  (share: number, fault: WireFault): WireFault =>
  (frames, random) =>
    random() < share ? fault(frames, random) : [frames];
const withPayload = ([topic, sequence]: readonly Buffer[], payload: Buffer): readonly Buffer[] => [
  topic as Buffer,
  sequence as Buffer,
  payload,
];

/** Every other message is held back and comes after the one behind it. */
function swapped(): WireFault {
  let held: readonly Buffer[] | undefined;
  return (frames) => {
    if (!held) {
      held = frames;
      return [];
    }
    const both = [frames, held];
    held = undefined;
    return both;
  };
}

/** A map that says it has four billion entries. */
const BOMB = Buffer.from([0xdf, 0xff, 0xff, 0xff, 0xff, 0x91, 0x91]);

/** Each in a form that lets some messages pass, by name. */
export const WIRE_FAULTS: Readonly<Record<string, () => WireFault>> = {
  dropped: () => some(0.3, () => []),
  duplicated: () => some(0.5, (frames) => [frames, frames]),
  reordered: swapped,
  truncated: () =>
    some(0.3, (frames, random) => {
      const payload = frames[2] as Buffer;
      return [withPayload(frames, payload.subarray(0, Math.floor(random() * payload.length)))];
    }),
  poisoned: () =>
    some(0.3, (frames, random) => {
      const size = Math.floor(random() * 200);
      return [withPayload(frames, random() < 0.3 ? BOMB : randomBytes(size)), frames];
    }),
  'of other frames': () =>
    some(0.3, (frames) =>
      [[frames[2] as Buffer], [], [...frames, ...frames], frames].filter((m) => m.length),
    ),
};
