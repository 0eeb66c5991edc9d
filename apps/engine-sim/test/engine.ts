import { request as httpRequest } from 'node:http';
import { parseOptions } from '../src/options/parse-options.js';
import { type EngineSim, startEngineSim } from '../src/start-engine-sim.js';

/** An engine in this process on a free port; errors nobody expected fail the test through `errors`. */
export interface TestEngine extends EngineSim {
  readonly errors: unknown[];
}

export async function startTestEngine(...args: string[]): Promise<TestEngine> {
  const parsed = parseOptions(['--port', '0', ...args], {});
  if (!('options' in parsed)) throw new Error(JSON.stringify(parsed));
  const errors: unknown[] = [];
  const sim = await startEngineSim(parsed.options, {
    crash: () => errors.push(new Error('crash asked for')),
    logError: (error) => errors.push(error),
  });
  return { ...sim, errors };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One request with the body as given: bytes, a text, or an object to be sent as JSON. */
export function send(
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
  method = body === undefined ? 'GET' : 'POST',
): Promise<Answer> {
  const bytes =
    body === undefined || Buffer.isBuffer(body)
      ? body
      : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      url,
      { method, agent: false, headers: { 'content-type': 'application/json', ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    request.on('error', reject);
    request.end(bytes);
  });
}

/** JSON objects of a server-sent event stream, which must end with `[DONE]`. */
export function eventsOf(text: string): Array<Record<string, unknown>> {
  const events = text.split('\n\n').filter((event) => event !== '');
  if (events.pop() !== 'data: [DONE]') throw new Error(`no [DONE] at the end of ${text.slice(-200)}`);
  return events.map((event) => JSON.parse(event.replace(/^data: /, '')) as Record<string, unknown>);
}
