import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { objectMetadata, readObjectMetadata } from '../src/application/object-metadata.js';
import { type FileSystem, nodeFileSystem } from '../src/tiers/file-system.js';
import { Quarantine } from '../src/tiers/quarantine.js';
import { scanFolder } from '../src/tiers/scan-folder.js';
import { TierFolder } from '../src/tiers/tier-folder.js';
import { makeChunk, writeNew } from './chunks.js';
import { fastFolder } from './fast-folder.js';

/** The real file system, in which one call always fails. */
function failing(
  name: keyof FileSystem,
  code: string,
  when: (file: string) => boolean = () => true,
): FileSystem {
  const real = nodeFileSystem[name] as (...args: unknown[]) => Promise<unknown>;
  const call = async (...args: unknown[]) => {
    if (when(String(args[0]))) throw Object.assign(new Error(code), { code });
    return real(...args);
  };
  return { ...nodeFileSystem, [name]: call };
}

let root: string;
beforeEach(() => {
  root = fastFolder('penstock-tier-folder-');
});
afterEach(() => rmSync(root, { recursive: true }));

const folderOn = (fs: FileSystem) =>
  new TierFolder({ tier: 'ssd', root, capacityBytes: 1e6, durable: true }, fs);
async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

describe('TierFolder', () => {
  it.each([
    ['open', 'ENOSPC', 'full', /there is no space left for .* \(ENOSPC\)/],
    ['rename', 'EDQUOT', 'full', /no space left/],
    ['mkdir', 'ENOSPC', 'full', /no space left/],
    ['open', 'EROFS', 'unreadable', /cannot be written \(EROFS\)/],
    ['mkdir', 'EACCES', 'unreadable', /cannot be written \(EACCES\)/],
    // A folder that goes away while it is written to says nothing about the chunk.
    ['rename', 'ENOENT', 'unreadable', /cannot be written \(ENOENT\)/],
  ] as const)('says what it means for a write that %s fails with %s', async (name, errno, code, says) => {
    const chunk = makeChunk(100);
    await expect(
      folderOn(failing(name, errno)).write(chunk.path, one(chunk.bytes), 100),
    ).rejects.toMatchObject({
      name: 'ChunkProblem',
      code,
      message: expect.stringMatching(says),
    });
    expect(readdirSync(root, { recursive: true }).filter((entry) => /bin/.test(String(entry)))).toEqual([]);
  });

  it.each([
    ['open', 'EACCES', 'unreadable'],
    ['open', 'EIO', 'unreadable'],
    ['open', 'ELOOP', 'unreadable'],
    ['open', 'ENOENT', 'missing'],
    ['realpath', 'ENOENT', 'missing'],
  ] as const)('says what it means for a read that %s fails with %s', async (name, errno, code) => {
    const { path } = await writeNew(root);
    await expect(folderOn(failing(name, errno)).measure(path)).rejects.toMatchObject({ code });
  });

  it('reads and removes nothing behind a folder that is a link', async () => {
    const { path } = await writeNew(join(root, 'elsewhere'));
    const [layout = ''] = path.split('/');
    mkdirSync(join(root, 'tier'));
    symlinkSync(join(root, 'elsewhere', layout), join(root, 'tier', layout));
    const options = { tier: 'cpu', root: join(root, 'tier'), capacityBytes: 1e6, durable: false } as const;
    const folder = new TierFolder(options, nodeFileSystem);
    for (const work of [() => folder.measure(path), () => folder.remove(path), () => folder.stat(path)]) {
      await expect(work()).rejects.toMatchObject({ code: 'unreadable' });
    }
    expect(readdirSync(join(root, 'elsewhere'), { recursive: true })).toContain(path);
  });

  it('works below a root that is a link itself', async () => {
    const chunk = await writeNew(join(root, 'real'));
    symlinkSync(join(root, 'real'), join(root, 'link'));
    const options = { tier: 'cpu', root: join(root, 'link'), capacityBytes: 1e6, durable: false } as const;
    const folder = new TierFolder(options, nodeFileSystem);
    expect(await folder.measure(chunk.path)).toEqual({ sizeBytes: 1000, crc32: chunk.crc32 });
  });

  it('touches nothing that has not the path of a chunk', async () => {
    const folder = folderOn(nodeFileSystem);
    writeFileSync(join(root, 'precious'), 'x');
    for (const path of ['precious', '../x', '/etc/passwd']) {
      await expect(folder.remove(path)).rejects.toMatchObject({ code: 'invalid' });
      await expect(folder.write(path, one(Buffer.from('y')), 1)).rejects.toMatchObject({ code: 'invalid' });
      await expect(folder.measure(path)).rejects.toMatchObject({ code: 'invalid' });
    }
    expect(readdirSync(root)).toEqual(['precious']);
  });
});

describe('scanFolder', () => {
  it('reports folders that cannot be read, and the rest', async () => {
    const [seen, hidden] = [await writeNew(root), await writeNew(root)];
    const folder = hidden.path.split('/').slice(0, 3).join('/');
    const scan = await scanFolder(
      failing('readdir', 'EACCES', (file) => file.endsWith(folder)),
      root,
    );
    expect(scan.unreadable).toEqual([folder]);
    expect(scan.files.map(({ path, kind, sizeBytes }) => [path, kind, sizeBytes])).toEqual([
      [seen.path, 'chunk', 1000],
    ]);
    await expect(scanFolder(nodeFileSystem, join(root, 'absent'))).rejects.toThrow('ENOENT');
  });

  it('does not look at what is none of the layout’s', async () => {
    for (const path of ['.penstock/quarantine/x', 'model_252c57518d5a', 'a/b/c']) {
      mkdirSync(join(root, path), { recursive: true });
      writeFileSync(join(root, path, `${'ab'.repeat(16)}.bin`), '');
      writeFileSync(join(root, path, `${'ab'.repeat(16)}.bin_x.tmp`), '');
    }
    expect(await scanFolder(nodeFileSystem, root)).toEqual({ files: [], unreadable: [], empty: [] });
  });
});

describe('Quarantine', () => {
  it('keeps the last few', async () => {
    const quarantine = new Quarantine(root, 2, nodeFileSystem);
    const chunks = [await writeNew(root), await writeNew(root), await writeNew(root)];
    for (const [i, { path }] of chunks.entries()) await quarantine.take(path, 1000 * i);
    const kept = readdirSync(join(root, '.penstock/quarantine'));
    expect(kept).toHaveLength(2);
    expect(
      kept.every((name) => name.includes(chunks[1]?.hash ?? '') || name.includes(chunks[2]?.hash ?? '')),
    ).toBe(true);
    await quarantine.take(chunks[0]?.path ?? '', 5000);
  });

  it.each([
    ['none is to be kept', 0, nodeFileSystem],
    ['it cannot be renamed', 2, failing('rename', 'EXDEV')],
  ])('removes the file when %s', async (_what, keep, fs) => {
    const { path } = await writeNew(root);
    await new Quarantine(root, keep, fs).take(path, 0);
    expect((await scanFolder(nodeFileSystem, root)).files).toEqual([]);
  });
});

describe('objectMetadata', () => {
  it('is read back, and refused when S3 would refuse it', () => {
    const keys = Buffer.alloc(128 * 8, 7);
    expect(readObjectMetadata(objectMetadata(0x00ab_cdef, keys, 'ns/pool'))).toEqual({
      crc32: 0x00ab_cdef,
      keys,
      scope: 'ns/pool',
    });
    expect(() => objectMetadata(1, Buffer.alloc(190 * 8), 'ns/pool')).toThrow(
      '190 keys do not fit into the metadata of an S3 object; use fewer blocks_per_chunk (up to 128)',
    );
  });

  it('leaves out what is damaged', () => {
    expect(readObjectMetadata({ 'penstock-crc32': 'xyz', 'penstock-keys': 'AAAA' })).toEqual({
      keys: new Uint8Array(0),
      scope: '',
    });
  });
});
