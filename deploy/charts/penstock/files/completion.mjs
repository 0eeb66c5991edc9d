// Sends one completion through the front door, tried until it is answered or the time is over.
const { FRONT_DOOR, MODEL, TIMEOUT_MS } = process.env;
const deadline = Date.now() + Number(TIMEOUT_MS);
let problem = 'not asked yet';

while (Date.now() < deadline) {
  try {
    console.log(await complete());
    process.exit(0);
  } catch (error) {
    problem = error.cause?.message ?? error.message;
    console.log(problem);
  }
  await new Promise((resolve) => setTimeout(resolve, 2000));
}
console.error(`no completion${MODEL ? ` of ${MODEL}` : ''} by ${FRONT_DOOR} in ${TIMEOUT_MS} ms: ${problem}`);
process.exit(1);

async function complete() {
  const model = MODEL || (await firstModel());
  const response = await ask('/v1/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, prompt: 'The water turns', max_tokens: 8 }),
  });
  const body = await response.json();
  if (typeof body.choices?.[0]?.text !== 'string') throw new Error(`no choices in ${JSON.stringify(body)}`);
  const engine = response.headers.get('x-penstock-endpoint') ?? 'an engine';
  return `${model} answered by ${engine}: ${JSON.stringify(body.choices[0].text)}`;
}

async function firstModel() {
  const { data } = await (await ask('/v1/models')).json();
  if (data.length === 0) throw new Error('no model is served: no InferencePool has a ready engine');
  return data[0].id;
}

async function ask(path, init) {
  const signal = AbortSignal.timeout(Math.max(1, deadline - Date.now()));
  const response = await fetch(`${FRONT_DOOR}${path}`, { ...init, signal });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response;
}
