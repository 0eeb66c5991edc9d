// `probe <url>`: exit code 0 when the address answers with success. Health checks of compose files run it inside the
// container: the image has no curl.
const TIMEOUT_MS = 2000;
const [url, ...rest] = process.argv.slice(2);
if (!URL.canParse(url ?? '') || rest.length > 0) {
  process.stderr.write('usage: probe <url>\n');
  process.exit(2);
}
try {
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  process.stdout.write(`${answer.status} ${(await answer.text()).slice(0, 300)}\n`);
  process.exit(answer.ok ? 0 : 1);
} catch (error) {
  process.stderr.write(`${url}: ${error.cause?.message ?? error.message}\n`);
  process.exit(1);
}
