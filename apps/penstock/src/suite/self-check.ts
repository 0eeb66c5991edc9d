import { request } from 'undici';
import { z } from 'zod';

const chatAnswer = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
});

export interface SelfCheck {
  readonly answer: string;
  /** ip:port of the engine that served it. */
  readonly endpoint: string;
  readonly requestId: string;
  readonly wallMs: number;
}

export const QUESTION = 'What does a penstock do?';

/** Sends one chat completion through the front door. Throws with the front door's own words when it fails. */
export async function routeOneCompletion(frontDoor: string, model: string): Promise<SelfCheck> {
  const startedAtMs = performance.now();
  const { statusCode, headers, body } = await request(`${frontDoor}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: QUESTION }], max_tokens: 24 }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`the front door answered ${statusCode}: ${text.slice(0, 500)}`);
  const answer = chatAnswer.parse(JSON.parse(text));
  return {
    answer: answer.choices[0]?.message.content ?? '',
    endpoint: String(headers['x-penstock-endpoint'] ?? ''),
    requestId: String(headers['x-request-id'] ?? ''),
    wallMs: performance.now() - startedAtMs,
  };
}
