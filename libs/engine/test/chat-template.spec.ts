import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from '@huggingface/jinja';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ChatTemplate } from '../src/tokenizer/chat-template.js';
import { BUILT_IN_TOKENIZER_DIR } from '../src/tokenizer/load-tokenizer.js';
import type { ChatMessage, ChatTemplateOptions } from '../src/tokenizer/tokenizer.js';

const config = JSON.parse(readFileSync(join(BUILT_IN_TOKENIZER_DIR, 'tokenizer_config.json'), 'utf8'));
const special = { bos_token: '<s>', eos_token: '</s>' };

const PLAIN = `{% for m in messages %}{{ '<' + m.role + '>' + m.content + eos_token }}{% endfor %}`;
const BY_MESSAGE: ReadonlyArray<readonly [string, string]> = [
  ['ours', config.chat_template],
  ['plain', PLAIN],
  ['around it', `{{ bos_token }}${PLAIN}{% if add_generation_prompt %}<assistant>{% endif %}`],
  [
    'a default system message',
    `{% if messages[0].role != 'system' %}<system>Be good.{% endif %}${PLAIN}{{ strftime_now('%Y') }}`,
  ],
  [
    'tools around it',
    `{% if tools %}{{ tools | tojson }}{{ messages | length }}{% else %}{{ bos_token }}{% endif %}${PLAIN}{% if add_generation_prompt %}>{% endif %}`,
  ],
  ['a frame that fails', `{% if not add_generation_prompt %}{{ missing + 1 }}{% endif %}${PLAIN}`],
  ['a name for tools', `{% set tools = 'some' %}{% if tools %}{{ tools }}{% endif %}${PLAIN}`],
  [
    'first and last',
    `{% for m in messages %}{% if loop.first %}^{% elif loop['last'] %}{{ m.role | upper }}{% endif %}{{ m.content | trim }}|{% endfor %}`,
  ],
  [
    'variables of its own',
    `{% set x = 'before' %}{% for m in messages %}{% set c = m.role %}{% if m.role == 'tool' %}{% set c = 'T' %}{% endif %}{{ c + m['content'] }}{% endfor %}{{ x }}`,
  ],
  [
    'loops inside',
    `{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}{{ loop.index0 }}{{ p.text }}{% endfor %}{% endif %}{% endfor %}`,
  ],
  [
    'contents written twice, or not',
    `{% for m in messages %}{% if not m.content or m.role == 'tool' %}none{% else %}{{ m.content ~ '=' ~ m.content if m.role == 'user' else '-' + m.content }}{% endif %}{% endfor %}`,
  ],
];
const AS_A_WHOLE: ReadonlyArray<readonly [string, string]> = [
  [
    'the message before',
    '{% for m in messages %}{{ messages[loop.index0 - 1].role }}{{ m.content }}{% endfor %}',
  ],
  ['the number', '{% for m in messages %}{{ loop.index }}{{ m.content }}{% endfor %}'],
  ['the next message', '{% for m in messages %}{{ loop.nextitem }}{{ m.content }}{% endfor %}'],
  ['how many', `${PLAIN}{{ messages | length }}`],
  ['some of them', `{% set messages = messages[1:] %}${PLAIN}`],
  ['chosen ones', `{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}`],
  [
    'an early end',
    `{% for m in messages %}{{ m.content }}{% if m.role == 'tool' %}{% break %}{% endif %}{% endfor %}`,
  ],
  ['what an earlier message set', `{% for m in messages %}{{ last }}{% set last = m.role %}{% endfor %}`],
  [
    'what only some messages set',
    `{% for m in messages %}{% if m.role == 'tool' %}{% set t = 1 %}{% endif %}{{ t }}{{ m.content }}{% endfor %}`,
  ],
  [
    'a namespace',
    `{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{{ ns.n }}{{ m.content }}{% endfor %}`,
  ],
  ['a variable from before', `{% set x = messages[0].content %}{% for m in messages %}{{ x }}{% endfor %}`],
  ['two loops', `${PLAIN}${PLAIN}`],
  ['the prompt in the loop', `{% for m in messages %}{{ m.content }}{{ add_generation_prompt }}{% endfor %}`],
  ['the date', `{% for m in messages %}{{ strftime_now('%Y') }}{{ m.content }}{% endfor %}`],
  ['the content in JSON', '{% for m in messages %}{{ m.content | tojson }}{% endfor %}'],
  ['all of the message', '{% for m in messages %}{{ m | tojson }}{% endfor %}'],
  ['fields one by one', '{% for m in messages %}{% for k, v in m.items() %}{{ v }}{% endfor %}{% endfor %}'],
  ['a method of the message', `{% for m in messages %}{{ m.get('content') }}{% endfor %}`],
  ['a part of the content', `{% for m in messages %}{{ m.content.split('e')[0] }}{% endfor %}`],
  [
    'a question about the content',
    `{% for m in messages %}{% if 'e' in m.content %}e{% endif %}{{ m.content }}{% endfor %}`,
  ],
  ['the content in a variable', `{% for m in messages %}{% set c = m.content %}{{ c[1:] }}{% endfor %}`],
  [
    'a block in a variable',
    `{% for m in messages %}{% set c %}{{ m.content }}{% endset %}{{ c | upper }}{% endfor %}`,
  ],
  ['a computed name', `{% for m in messages %}{{ m['con' + 'tent'] | upper }}{% endfor %}`],
  [
    'a test of the content',
    `{% for m in messages %}{{ 'low' if m.content is lower else m.content }}{% endfor %}`,
  ],
  ['a content or something', `{% for m in messages %}{{ m.content or 'none' }}{% endfor %}`],
  ['a macro', `{% macro w(m) %}{{ m.content }}{% endmacro %}{% for m in messages %}{{ w(m) }}{% endfor %}`],
];

const content = fc.oneof(
  fc.constantFrom('', 'yes', ' yes ', 'a\nb', '水門', '\ud800', '<|im_end|>', 'user'),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const role = fc.constantFrom('system', 'user', 'assistant', 'tool', 'nobody');
const message: fc.Arbitrary<ChatMessage> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ role, content }) },
  fc.tuple(role, content).map(([r, c]) => ({ content: c, role: r })),
  fc.record({
    role,
    content: fc.array(
      content.map((text) => ({ type: 'text', text })),
      { maxLength: 2 },
    ),
  }),
  fc.record({ role, content: fc.constant(null), tool_calls: fc.constant([{ function: { name: 'look' } }]) }),
  fc.record({ role, content, name: content }),
);
const options: fc.Arbitrary<ChatTemplateOptions> = fc.record(
  {
    addGenerationPrompt: fc.boolean(),
    tools: fc.constantFrom([], [{ type: 'function' }]),
    variables: fc.constantFrom({}, { eos_token: 'other' }),
  },
  { requiredKeys: [] },
);

function outcome(render: () => string): string {
  try {
    return render();
  } catch (error) {
    return `refused: ${(error as Error).message}`;
  }
}

function asJinja(template: Template, messages: readonly ChatMessage[], chosen: ChatTemplateOptions): string {
  return template.render({
    ...special,
    ...chosen.variables,
    messages,
    tools: chosen.tools?.length ? chosen.tools : null,
    add_generation_prompt: chosen.addGenerationPrompt ?? true,
  });
}

describe.each([...BY_MESSAGE, ...AS_A_WHOLE])('a template with %s', (name, source) => {
  it('writes what Jinja writes, whatever was written before', () => {
    const jinja = new Template(source);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.array(message, { maxLength: 5 }), options), { minLength: 1, maxLength: 4 }),
        (chats) => {
          const template = new ChatTemplate(source, special);
          for (const [messages, chosen] of [...chats, ...chats]) {
            const expected = outcome(() => asJinja(jinja, messages, chosen));
            expect(outcome(() => template.render(messages, chosen))).toBe(expected);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is written message by message only where that is the same', () => {
    const byMessage = BY_MESSAGE.some(([each]) => each === name);
    expect(new ChatTemplate(source, special).isByMessage).toBe(byMessage);
  });
});

describe('ChatTemplate', () => {
  it('refuses what is no template', () => {
    expect(() => new ChatTemplate('{% for m in %}', special)).toThrow();
  });
});
