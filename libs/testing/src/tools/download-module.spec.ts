import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { downloadModule } from './download-module.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-module-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const pin = { path: 'example.com/m', version: 'v1.2.3', sum: 'h1:abc=' };

/** A go that answers `mod download` with a JSON of its own, after it noted what it was asked. */
function answering(json: object, exit = 0): Promise<string> {
  const go = join(folder, 'go');
  writeFileSync(join(folder, 'answer'), JSON.stringify(json));
  const script = `if [ "$1" = env ]; then echo go1.99.0; exit; fi\n[ "$*" = "mod download -json example.com/m@v1.2.3" ] || exit 9\ncat ${folder}/answer\nexit ${exit}`;
  writeFileSync(go, `#!/bin/sh\n${script}\n`);
  chmodSync(go, 0o755);
  return downloadModule(pin, { env: { PATH: `${folder}:/usr/bin:/bin` }, goFolders: [] });
}

describe('downloadModule', () => {
  it('is the folder in the cache of Go when its hash is the pinned one', async () => {
    expect(await answering({ Dir: '/cache/m@v1.2.3', Sum: pin.sum })).toBe('/cache/m@v1.2.3');
  });

  it('refuses another hash', async () => {
    await expect(answering({ Dir: '/cache/m@v1.2.3', Sum: 'h1:xyz=' })).rejects.toThrow(
      'example.com/m v1.2.3 has the hash h1:xyz=, not the pinned h1:abc=; correct the pin.',
    );
  });

  it('says why nothing came, and that Go is missing', async () => {
    await expect(answering({ Error: 'dial tcp: no such host' }, 1)).rejects.toThrow(
      'Go cannot download example.com/m v1.2.3 (dial tcp: no such host); check the network and `go env GOPROXY`.',
    );
    const env = { PATH: join(folder, 'absent') };
    await expect(downloadModule(pin, { env, goFolders: [] })).rejects.toThrow(/Go is needed/);
  });
});
