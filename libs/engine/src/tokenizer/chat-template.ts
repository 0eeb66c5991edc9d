import { randomUUID } from 'node:crypto';
import { Environment, Interpreter, Template } from '@huggingface/jinja';
import { findMessageLoop, MESSAGES_HOOK, type MessageLoop } from './message-loop.js';
import type { ChatMessage, ChatTemplateOptions } from './tokenizer.js';

/** Roles that are remembered: templates know few, clients may send any. */
const MAX_ROLES = 64;
const MAX_ROLE_CHARS = 64;

/** Where a message stands, as far as the template asks, and whether its content is empty. */
const FIRST = 1;
const LAST = 2;
const EMPTY = 4;

/**
 * A model's chat template (Jinja). Where it provably writes message after message, each by itself, what it writes around a
 * content is remembered for every role, and only messages with more than a text are written by the interpreter.
 */
export class ChatTemplate {
  private readonly whole: Template;
  private readonly byMessage: { readonly loop: MessageLoop; readonly frame: Template } | undefined;
  private readonly globals = new Environment();
  /** What is before and behind the messages, by whether the answer is begun, where that is always the same. */
  private readonly frames = new Map<boolean, readonly [string, string]>();
  /** By role and place. */
  private readonly written = new Map<string, Array<readonly string[]>>();

  /**
   * @param source text of the template
   * @param specialTokens variables it always sees
   * @throws Error when the source is no template
   */
  constructor(
    source: string,
    private readonly specialTokens: Readonly<Record<string, string>>,
  ) {
    this.whole = new Template(source);
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
    if (loop.constantFrame) this.learnFrames(frame);
    if (!SAMPLES.every((messages) => this.agreesOn(messages))) this.byMessage = undefined;
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
    const known = this.frames.get(options.addGenerationPrompt ?? true);
    if (known) return known[0] + this.writeAll(messages, byMessage.loop) + known[1];
    return this.renderFrame(messages, options, byMessage.frame, () =>
      this.writeAll(messages, byMessage.loop),
    );
  }

  private renderFrame(
    messages: readonly ChatMessage[],
    options: ChatTemplateOptions,
    frame: Template,
    written: () => string,
  ): string {
    return frame.render({
      ...this.specialTokens,
      messages: messages.slice(0, 1),
      tools: null,
      add_generation_prompt: options.addGenerationPrompt ?? true,
      [MESSAGES_HOOK]: written,
    });
  }

  private learnFrames(frame: Template): void {
    for (const addGenerationPrompt of [true, false]) {
      const middle = randomUUID();
      const text = outcome(() => this.renderFrame([], { addGenerationPrompt }, frame, () => middle));
      const [before, after] = text.split(middle);
      // One that fails does so with every chat.
      if (text.startsWith(TEXT) && before !== undefined && after !== undefined)
        this.frames.set(addGenerationPrompt, [before.slice(TEXT.length), after]);
    }
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
      if (!isPlain(message, loop.trims)) {
        text += this.write(message, first | last, loop);
        continue;
      }
      const { role, content } = message;
      const around = this.around(role, first | last | (content === '' ? EMPTY : 0), loop);
      text += around[0];
      for (let k = 1; k < around.length; k++) {
        text += content;
        text += around[k];
      }
    }
    return text;
  }

  /** What is written before, between and behind the contents of a message. */
  private around(role: string, place: number, loop: MessageLoop): readonly string[] {
    const known = this.written.get(role)?.[place];
    if (known) return known;
    const content = (place & EMPTY) === 0 ? randomUUID() : '';
    const text = this.write({ role, content }, place, loop);
    const around = content === '' ? [text] : text.split(content);
    if (!this.written.has(role) && this.written.size < MAX_ROLES && role.length <= MAX_ROLE_CHARS)
      this.written.set(role, []);
    const places = this.written.get(role);
    if (places) places[place] = around;
    return around;
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

/** A message of two texts, its role and its content. */
function isPlain(
  message: ChatMessage,
  trimmed: boolean,
): message is { readonly role: string; readonly content: string } {
  if (typeof message?.role !== 'string' || typeof message.content !== 'string') return false;
  const [one, other, more] = Object.keys(message);
  if (more !== undefined || (one !== 'role' && one !== 'content')) return false;
  if (other !== 'role' && other !== 'content') return false;
  return !trimmed || message.content.trim() === message.content;
}

const TEXT = 'text ';

function outcome(render: () => string): string {
  try {
    return TEXT + render();
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
