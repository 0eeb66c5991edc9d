import { request } from 'undici';
import { z } from 'zod';

const models = z.object({ data: z.array(z.object({ id: z.string() })) });

/** Asks the first model of a front door for one token. Throws with the front door's own words when it refuses. */
export async function routeProbe(
  frontDoor: string,
  timeoutMs: number,
): Promise<{ requestId: string; model: string; endpoint: string }> {
  const signal = AbortSignal.timeout(timeoutMs);
  const listed = await answer(await request(`${frontDoor}/v1/models`, { signal }));
  const model = models.parse(JSON.parse(listed.text)).data[0]?.id;
  if (model === undefined) throw new Error(`${frontDoor}/v1/models lists no model`);
  const { headers } = await answer(
    await request(`${frontDoor}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, prompt: 'penstock doctor', max_tokens: 1 }),
      signal,
    }),
  );
  return {
    model,
    requestId: String(headers['x-request-id'] ?? ''),
    endpoint: String(headers['x-penstock-endpoint'] ?? ''),
  };
}

async function answer({ statusCode, headers, body }: Awaited<ReturnType<typeof request>>) {
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`the front door answered ${statusCode}: ${text.slice(0, 300)}`);
  return { text, headers };
}
