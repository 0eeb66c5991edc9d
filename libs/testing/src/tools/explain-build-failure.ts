/** Messages of the go command and of the compilers, by what the reader can do about them. */
const CAUSES: readonly { readonly pattern: RegExp; readonly advice: (folder: string) => string }[] = [
  {
    pattern: /no space left on device|ENOSPC|disk quota exceeded/i,
    advice: (folder) =>
      `the disk is full; the first build needs about 5 GB in Go's caches (go env GOCACHE GOMODCACHE) and 600 MB in ${folder}: free space or move them (GOCACHE, GOMODCACHE, XDG_CACHE_HOME).`,
  },
  {
    pattern:
      /dial tcp|no such host|i\/o timeout|connection refused|connection reset|TLS handshake timeout|network is unreachable|proxyconnect|unexpected EOF|module lookup disabled|\b50[234]\b/i,
    advice: () =>
      'the Go module proxy cannot be reached; check the network and `go env GOPROXY`, then run it again (what was fetched is kept).',
  },
  {
    pattern: /checksum mismatch|SECURITY ERROR/,
    advice: () =>
      'a module is not the one that libs/testing/tools/go.sum names; `go clean -modcache` removes a damaged cache, else the proxy (go env GOPROXY) serves something else.',
  },
  {
    pattern: /signal: killed|cannot allocate memory|out of memory/i,
    advice: () =>
      'the compiler was killed, most likely for want of memory (about 3 GB); free memory or set GOMAXPROCS=1.',
  },
  {
    pattern: /permission denied|read-only file system/i,
    advice: (folder) => `${folder} or Go's caches cannot be written; check their owner.`,
  },
];

/** One sentence for people: what could not be built, why, and what to do. */
export function explainBuildFailure(name: string, output: string, folder: string): string {
  const cause = CAUSES.find(({ pattern }) => pattern.test(output));
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('go: downloading'));
  const said = lines.find((line) => cause?.pattern.test(line)) ?? lines[0] ?? 'no message';
  return `building ${name} failed: ${cause ? cause.advice(folder) : 'see what Go says.'} Go says: ${said}`;
}
