// Stands in for an engine: answers HTTP on the address and port it is given and does what it is told.
import { createServer } from 'node:http';

const flag = (name) => {
  const at = process.argv.indexOf(name);
  return at === -1 ? undefined : process.argv[at + 1];
};
const answers = { '/health': 200, '/live': 200 };
console.log(JSON.stringify({ args: process.argv.slice(2), env: process.env, pid: process.pid }));
if (flag('--exit') !== undefined) process.exit(Number(flag('--exit')));

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://pod');
  if (url.pathname === '/exit') process.exit(Number(url.searchParams.get('code')));
  if (url.pathname === '/set') answers[url.searchParams.get('path')] = Number(url.searchParams.get('status'));
  response.writeHead(answers[url.pathname] ?? 200);
  response.end(JSON.stringify({ pid: process.pid, podIp: process.env.POD_IP }));
});
server.listen(Number(flag('--port') ?? 8000), flag('--host'));
process.on('SIGTERM', () => {
  if (flag('--ignore-sigterm') === undefined) process.exit(0);
});
