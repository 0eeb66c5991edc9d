import { definitionOf, type WireMessage } from '@penstock/messaging';

export interface StoredMessage extends WireMessage {
  readonly stream: string;
  /** Position in the broker, from 1. */
  readonly sequence: number;
}

export interface FakeDeadLetter {
  readonly message: StoredMessage;
  readonly consumer: string;
  readonly reason: string;
}

/** Where `FakeEventBus` instances meet: what a JetStream server keeps, without limits. */
export class FakeBroker {
  readonly messages: StoredMessage[] = [];
  readonly deadLetters: FakeDeadLetter[] = [];
  /** What each durable consumer has already handed out, by its name. */
  readonly durables = new Map<string, DurablePosition>();
  private readonly ids = new Set<string>();
  private listeners: Array<() => void> = [];

  /** Stores the message unless one with the same id is stored already. */
  store(type: string, message: WireMessage, id: string | undefined): boolean {
    if (id !== undefined) {
      if (this.ids.has(id)) return false;
      this.ids.add(id);
    }
    this.append(definitionOf(type).stream, message);
    return true;
  }

  /** Stores any message, as something that is not our publisher might. */
  append(stream: string, message: WireMessage): void {
    this.messages.push({ ...message, stream, sequence: this.messages.length + 1 });
    for (const listener of this.listeners) listener();
  }

  /** Forgets everything, as a server whose storage was lost. */
  wipe(): void {
    this.messages.length = 0;
    this.ids.clear();
    this.durables.clear();
    for (const listener of this.listeners) listener();
  }

  onChange(listener: () => void): () => void {
    this.listeners.push(listener);
    return () => {
      this.listeners = this.listeners.filter((other) => other !== listener);
    };
  }
}

export interface DurablePosition {
  /** Index of the next message in the broker. */
  next: number;
  /** Deliveries given back, to be handed out before new ones. */
  readonly again: Array<{ readonly message: StoredMessage; readonly deliveries: number }>;
}
