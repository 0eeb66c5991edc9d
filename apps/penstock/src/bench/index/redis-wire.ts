import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Answers of the commands that the bench sends. */
export type RedisReply = number | string | null | RedisReply[];

/** One connection to Redis that sends commands together and takes their answers together, as a lookup without an index would. */
export class RedisWire {
  private received = Buffer.alloc(0);
  private at = 0;

  private constructor(private readonly socket: Socket) {}

  static async open(port: number): Promise<RedisWire> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.setNoDelay(true);
    return new RedisWire(socket);
  }

  /** Answers in the order of the commands. Throws what Redis refused. */
  async pipeline(commands: ReadonlyArray<readonly string[]>): Promise<RedisReply[]> {
    const bytes = commands.map(
      (words) => `*${words.length}\r\n${words.map((w) => `$${Buffer.byteLength(w)}\r\n${w}\r\n`).join('')}`,
    );
    this.socket.write(bytes.join(''));
    const replies: RedisReply[] = [];
    while (replies.length < commands.length) {
      const from = this.at;
      const reply = this.parse();
      if (reply !== undefined) {
        replies.push(reply);
        continue;
      }
      this.at = from;
      const [more] = (await once(this.socket, 'data')) as [Buffer];
      this.received = Buffer.concat([this.received.subarray(this.at), more]);
      this.at = 0;
    }
    return replies;
  }

  close(): void {
    this.socket.destroy();
  }

  /** The next answer; undefined while it is not all there. */
  private parse(): RedisReply | undefined {
    const end = this.received.indexOf('\r\n', this.at);
    if (end < 0) return undefined;
    const kind = this.received[this.at];
    const line = this.received.toString('latin1', this.at + 1, end);
    this.at = end + 2;
    if (kind === 0x2b) return line;
    if (kind === 0x3a) return Number(line);
    if (kind === 0x2d) throw new Error(`Redis refused a command of the bench: ${line}`);
    const length = Number(line);
    if (length < 0) return null;
    if (kind === 0x24) {
      if (this.received.length < this.at + length + 2) return undefined;
      const text = this.received.toString('latin1', this.at, this.at + length);
      this.at += length + 2;
      return text;
    }
    const items: RedisReply[] = [];
    while (items.length < length) {
      const item = this.parse();
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }
}
