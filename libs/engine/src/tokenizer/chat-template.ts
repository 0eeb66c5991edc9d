import { Environment, Interpreter, Template } from '@huggingface/jinja';
import { LRUCache } from 'lru-cache';
import { copyText } from './copy-text.js';
import { findMessageLoop, MESSAGES_HOOK, type MessageLoop } from './message-loop.js';
import type { ChatMessage, ChatTemplateOptions } from './tokenizer.js';

const ENTRY_OVERHEAD_BYTES = 300;

/** Of a message that was written before: what is around its content. */
interface Written {
  readonly role: string;
  readonly place: number;
  readonly head: string;
  readonly tail: string;
}

/** Where a message stands, as far as the template asks. */
const FIRST = 1;
const LAST = 2;
/** In the order of its fields, which JSON of the whole message would show. */
const CONTENT_FIRST = 4;

/**
 * A model's chat template (Jinja). Where it provably writes message after message, each by itself, what was written of a
 * message is remembered, so that a conversation costs only what is new in it.
 */
export class ChatTemplate {
  private readonly whole: Template;
  private readonly byMessage: { readonly loop: MessageLoop; readonly frame: Template } | undefined;
  private readonly globals = new Environment();
  private readonly written: LRUCache<string, Written>;

  /**
   * @param source text of the template
   * @param specialTokens variables it always sees
   * @param capacityBytes memory for messages
   * @throws Error when the source is no template
   */
  constructor(
    source: string,
    private readonly specialTokens: Readonly<Record<string, string>>,
    capacityBytes: number,
  ) {
    this.whole = new Template(source);
    this.written = new LRUCache({
      maxSize: Math.max(1, Math.floor(capacityBytes)),
      sizeCalculation: ({ head, tail }, content) =>
        ENTRY_OVERHEAD_BYTES + 2 * (content.length + head.length + tail.length),
    });
    const constants = { false: false, true: true, none: null, False: false, True: true, None: null };
    const raise_exception = (why: string) => {
      throw new Error(why);
    };
    for (const [name, value] of Object.entries({
      ...constants,
      raise_exception,
      tools: null,
      ...specialTokens,
    }))
      this.globals.set(name, value);
    const loop = findMessageLoop(this.whole.parsed);
    if (!loop) return;
    const frame = new Template('');
    frame.parsed = loop.frame;
    this.byMessage = { loop, frame };
    if (!SAMPLES.every((messages) => this.agreesOn(messages))) this.byMessage = undefined;
    this.written.clear();
  }

  /** Whether messages are written one by one. */
  get isByMessage(): boolean {
    return this.byMessage !== undefined;
  }

  /** @throws Error when the template refuses the messages */
  render(messages: readonly ChatMessage[], options: ChatTemplateOptions = {}): string {
    const { byMessage } = this;
    const steady = !options.tools?.length && Object.keys(options.variables ?? {}).length === 0;
    if (!byMessage || !steady || messages.length === 0) return this.renderWhole(messages, options);
    return byMessage.frame.render({
      ...this.specialTokens,
      messages: messages.slice(0, 1),
      tools: null,
      add_generation_prompt: options.addGenerationPrompt ?? true,
      [MESSAGES_HOOK]: () => this.writeAll(messages, byMessage.loop),
    });
  }

  private renderWhole(messages: readonly ChatMessage[], options: ChatTemplateOptions): string {
    return this.whole.render({
      ...this.specialTokens,
      ...options.variables,
      messages,
      tools: options.tools?.length ? options.tools : null,
      add_generation_prompt: options.addGenerationPrompt ?? true,
    });
  }

  private writeAll(messages: readonly ChatMessage[], loop: MessageLoop): string {
    let text = '';
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i] as ChatMessage;
      const first = loop.usesFirst && i === 0 ? FIRST : 0;
      const last = loop.usesLast && i === messages.length - 1 ? LAST : 0;
      const fields = plainFields(message);
      if (fields === undefined) {
        text += this.write(message, first | last, loop);
        continue;
      }
      const { role, content } = message as { readonly role: string; readonly content: string };
      const place = first | last | fields;
      let known = this.written.get(content);
      if (known === undefined || known.role !== role || known.place !== place) {
        const all = this.write(message, place, loop);
        const at = all.indexOf(content);
        if (at < 0) {
          text += all;
          continue;
        }
        const [head, tail] = [copyText(all.slice(0, at)), copyText(all.slice(at + content.length))];
        known = { role: copyText(role), place, head, tail };
        this.written.set(copyText(content), known);
      }
      text += known.head;
      text += content;
      text += known.tail;
    }
    return text;
  }

  private write(message: ChatMessage, place: number, loop: MessageLoop): string {
    const scope = new Environment(this.globals);
    if (loop.usesFirst || loop.usesLast)
      scope.set('loop', { first: (place & FIRST) !== 0, last: (place & LAST) !== 0 });
    scope.set(loop.variable, message);
    return new Interpreter(scope).run(loop.body).value as string;
  }

  private agreesOn(messages: readonly ChatMessage[]): boolean {
    return [true, false].every((addGenerationPrompt) => {
      const expected = outcome(() => this.renderWhole(messages, { addGenerationPrompt }));
      const once = outcome(() => this.render(messages, { addGenerationPrompt }));
      return once === expected && outcome(() => this.render(messages, { addGenerationPrompt })) === expected;
    });
  }
}

/** Undefined when there is more to a message than two texts, its role and its content. */
function plainFields(message: ChatMessage): number | undefined {
  if (typeof message?.role !== 'string' || typeof message.content !== 'string') return undefined;
  const [one, other, more] = Object.keys(message);
  if (more !== undefined) return undefined;
  if (one === 'role' && other === 'content') return 0;
  return one === 'content' && other === 'role' ? CONTENT_FIRST : undefined;
}

function outcome(render: () => string): string {
  try {
    return `text ${render()}`;
  } catch (error) {
    return `error ${error instanceof Error ? error.message : String(error)}`;
  }
}

const call = { type: 'function', function: { name: 'look', arguments: '{"at":"gate"}' } };
/** Chats that show whether the parts of a template were put together as the whole is. */
const SAMPLES: ReadonlyArray<readonly ChatMessage[]> = [
  [{ role: 'user', content: 'Hello' }],
  [
    { role: 'system', content: ' Be brief.\n' },
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'Hello' },
    { role: 'user', content: '' },
  ],
  [
    { content: 'one', role: 'user' },
    { role: 'assistant', content: null, tool_calls: [call, call] },
    { role: 'tool', content: 'open', tool_call_id: 'a', name: 'look' },
    { role: 'assistant', content: 'It is open.' },
    { role: 'user', content: [{ type: 'text', text: 'two' }] },
  ],
  [
    { role: 'user', content: 'a' },
    { role: 'nobody', content: 'b' },
  ],
];
