import type { ChatMessage, Tokenizer } from '@penstock/engine';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A chat has about so many messages, unless they would be shorter than this. */
const MESSAGES = 64;
const MIN_MESSAGE_TOKENS = 150;
const SYSTEM_TOKENS = 200;

/** Writes chats of words, punctuation, numbers, names and line breaks: no two are alike. */
export class PromptWriter {
  private readonly random: { next(): number };
  private readonly words: readonly string[];

  constructor(
    private readonly tokenizer: Tokenizer,
    seed: number,
  ) {
    this.random = xoroshiro128plus(seed);
    this.words = tokenizer.words().texts;
  }

  /** A chat of about so many tokens: a system message, then user and assistant by turns. */
  chat(tokens: number): ChatMessage[] {
    return this.goOn([{ role: 'system', content: this.text(Math.min(SYSTEM_TOKENS, tokens / 4)) }], tokens);
  }

  /** A chat that begins with the first `share` of another one and is about as long; messages may be cut in the middle. */
  branch(chat: readonly ChatMessage[], tokens: number, share: number): ChatMessage[] {
    const chars = chat.map(({ content }) => (content as string).length);
    let left = Math.round(share * chars.reduce((sum, length) => sum + length, 0));
    const begun: ChatMessage[] = [];
    for (const [i, message] of chat.entries()) {
      if (left <= 0) break;
      begun.push({ ...message, content: (message.content as string).slice(0, left) });
      left -= chars[i] as number;
    }
    const last = begun.at(-1);
    const rest = (1 - share) * tokens;
    if (!last) return this.goOn([], tokens);
    const more = this.text(Math.min(messageTokens(tokens) / 2, rest));
    begun[begun.length - 1] = { ...last, content: `${last.content as string}${more}` };
    return this.goOn(begun, tokens);
  }

  private goOn(begun: ChatMessage[], tokens: number): ChatMessage[] {
    const messages = [...begun];
    let missing = tokens - this.tokenizer.encodeChat(messages).length;
    while (missing > 20) {
      const content = this.text(Math.min(messageTokens(tokens), missing - 10));
      messages.push({ role: messages.length % 2 === 1 ? 'user' : 'assistant', content });
      missing -= this.tokenizer.countTokens(content) + 6;
    }
    return messages;
  }

  /** Of about so many tokens. */
  private text(tokens: number): string {
    let text = '';
    for (let written = 0; written < tokens; ) {
      const kind = this.below(100);
      if (kind < 80) [text, written] = [text + this.pick(this.words), written + 1];
      else if (kind < 88)
        [text, written] = [text + this.pick(['.', ',', ';', ':', '!', ' -', ')']), written + 1];
      else if (kind < 92) [text, written] = [`${text} ${this.below(10_000)}`, written + 4];
      else if (kind < 96) [text, written] = [`${text} ${this.name()}`, written + 4];
      else if (kind < 98) [text, written] = [`${text}\n`, written + 1];
      else
        [text, written] = [
          `${text} ${this.pick(['café', 'naïve', 'Größe', '水門', 'x_y', "don't"])}`,
          written + 4,
        ];
    }
    return text;
  }

  private name(): string {
    const letters = Array.from({ length: 4 + this.below(6) }, () => String.fromCharCode(97 + this.below(26)));
    return letters.join('').replace(/^./, (first) => first.toUpperCase());
  }

  private pick(from: readonly string[]): string {
    return from[this.below(from.length)] as string;
  }

  private below(limit: number): number {
    return (this.random.next() >>> 0) % limit;
  }
}

const messageTokens = (tokens: number): number => Math.max(MIN_MESSAGE_TOKENS, tokens / MESSAGES);
