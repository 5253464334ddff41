// The guest's file tree: paths lead where they lead in the guest's terms, and nothing leads out of a granted folder.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { NodeFileSystem } from '../../../src/host/node-file-system.ts';
import { Errno, SystemError } from '../../../src/linux/errno.ts';
import { byteStringOf } from '../../../src/linux/text.ts';
import type { OpenRequest } from '../../../src/linux/tree/file-system.ts';
import { MemoryFileSystem } from '../../../src/linux/tree/memory-file-system.ts';
import { ReadOnlyFileSystem } from '../../../src/linux/tree/read-only.ts';
import { Tree } from '../../../src/linux/tree/tree.ts';

const reading: OpenRequest = {
  read: true,
  write: false,
  append: false,
  create: false,
  exclusive: false,
  truncate: false,
  permissions: 0,
};
const creating: OpenRequest = { ...reading, write: true, create: true, permissions: 0o600 };

/** What a path leads to: its canonical path, or the name of the error. */
function walk(tree: Tree, path: string, base = '/', follow = true): string {
  return errorOr(() => {
    const place = tree.resolve(base, path, follow);
    return place.stat === undefined ? `${place.full} (absent)` : place.full;
  });
}

function errorOr(run: () => string): string {
  try {
    return run();
  } catch (error) {
    if (error instanceof SystemError) return error.message;
    throw error;
  }
}

function text(tree: Tree, path: string): string {
  return errorOr(() => {
    const { fileSystem, path: inner, stat } = tree.resolve('/', path, true);
    if (stat === undefined) return 'ENOENT';
    const content = fileSystem.open(inner, reading);
    const bytes = new Uint8Array(content.stat().size);
    content.readAt(bytes, 0);
    content.close();
    return byteStringOf(bytes);
  });
}

describe('walking', () => {
  const root = new MemoryFileSystem();
  root.addFile('etc/name', new Uint8Array(1));
  root.addDirectory('a/b/c');
  const links: Record<string, string> = {
    'a/up': '..',
    'a/abs': '/etc/name',
    'a/b/rel': '../../etc/name',
    'a/far': '../../../../../etc/name',
    'a/chain': 'b/rel',
    'a/loop': 'loop',
    'a/dir': 'b/c/',
    'a/gone': 'missing/x',
    'a/new': 'b/fresh',
  };
  for (const [path, target] of Object.entries(links)) root.addLink(path, target);
  const tree = new Tree(root);
  tree.mount('/mnt/deep/disk', new MemoryFileSystem());

  test.each([
    ['/', '/'],
    ['.', '/a/b'],
    ['..', '/a'],
    ['../../../..', '/'],
    ['/../../etc/../a//b/./c/', '/a/b/c'],
    ['/a/abs', '/etc/name'],
    ['/a/b/rel', '/etc/name'],
    ['/a/far', '/etc/name'],
    ['/a/chain', '/etc/name'],
    ['/a/up/a/up/etc/name', '/etc/name'],
    ['/a/dir', '/a/b/c'],
    ['/a/dir/..', '/a/b'],
    ['/a/new', '/a/b/fresh (absent)'],
    ['/a/loop', 'ELOOP'],
    ['/a/loop/x', 'ELOOP'],
    ['/a/gone', 'ENOENT'],
    ['/etc/name/', 'ENOTDIR'],
    ['/etc/name/..', 'ENOTDIR'],
    ['/etc/name/.', 'ENOTDIR'],
    ['/missing', '/missing (absent)'],
    ['/missing/', '/missing (absent)'],
    ['/missing/x', 'ENOENT'],
    ['', 'ENOENT'],
    ['x'.repeat(256), 'ENAMETOOLONG'],
    ['/mnt', '/mnt'],
    ['/mnt/deep/..', '/mnt'],
    ['/mnt/deep/disk/..', '/mnt/deep'],
    ['/mnt/other', '/mnt/other (absent)'],
  ])('%s → %s', (path, expected) => {
    expect(walk(tree, path, '/a/b')).toBe(expected);
  });

  test('the last link is left alone when asked, but not with a slash after it', () => {
    expect(walk(tree, '/a/dir', '/', false)).toBe('/a/dir');
    expect(walk(tree, '/a/dir/', '/', false)).toBe('/a/b/c');
    expect(walk(tree, '/a/loop', '/', false)).toBe('/a/loop');
  });

  test('directories on the way to a mount point are listed', () => {
    expect(tree.listCanonical('/').map(({ name }) => name)).toContain('mnt');
    expect(tree.listCanonical('/mnt').map(({ name }) => name)).toEqual(['.', '..', 'deep']);
  });
});

test('the room of a file in memory is free again when it has neither a name nor an opener', () => {
  const fileSystem = new MemoryFileSystem({ capacity: 1 << 20 });
  const { freeBlocks: empty } = fileSystem.statFileSystem();
  const most = new Uint8Array(700 << 10);
  for (let round = 0; round < 3; round++) {
    const content = fileSystem.open('temporary', creating);
    fileSystem.unlink('temporary');
    content.writeAt(most, 0);
    expect(errorOr(() => String(fileSystem.open('other', creating).writeAt(most, 0)))).toBe('ENOSPC');
    fileSystem.unlink('other');
    content.close();
    expect(fileSystem.statFileSystem().freeBlocks).toBe(empty);
  }
});

describe('a granted folder', () => {
  let host: string;
  let tree: Tree;
  let granted: NodeFileSystem;

  beforeAll(() => {
    host = realpathSync(mkdtempSync(join(tmpdir(), 'xlat86-tree-')));
  });
  afterAll(() => rmSync(host, { recursive: true }));
  beforeEach(() => {
    rmSync(host, { recursive: true });
    mkdirSync(join(host, 'grant/sub'), { recursive: true });
    mkdirSync(join(host, 'secret'));
    writeFileSync(join(host, 'secret/key'), 'secret');
    writeFileSync(join(host, 'grant/file'), 'open');
    granted = new NodeFileSystem(join(host, 'grant'));
    tree = new Tree(new MemoryFileSystem());
    tree.mount('/work', granted);
  });

  test('`..` stays inside', () => {
    expect(text(tree, '/work/sub/../file')).toBe('open');
    expect(text(tree, '/work/../secret/key')).toBe('ENOENT');
    expect(text(tree, '/work/sub/../../secret/key')).toBe('ENOENT');
    expect(text(tree, '/work/../../../../../..' + join(host, 'secret/key'))).toBe('ENOENT');
  });

  test.each([
    ['../secret/key'],
    ['../../../../../../../etc/passwd'],
    ['/etc/passwd'],
    ['sub/../../secret/key'],
    ['/work/../secret/key'],
  ])('a link to %s leads nowhere', (target) => {
    symlinkSync(target, join(host, 'grant/link'));
    symlinkSync('link', join(host, 'grant/second'));
    symlinkSync(target.slice(0, target.lastIndexOf('/')) || '/', join(host, 'grant/folder'));
    for (const path of ['/work/link', '/work/second', '/work/folder/key', '/work/folder/passwd']) {
      expect(text(tree, path)).toBe('ENOENT');
    }
  });

  test('an absolute link is taken from the guest’s root', () => {
    symlinkSync('/work/file', join(host, 'grant/link'));
    symlinkSync(join(host, 'secret/key'), join(host, 'grant/direct'));
    expect(text(tree, '/work/link')).toBe('open');
    expect(text(tree, '/work/direct')).toBe('ENOENT');
  });

  // Whatever happens between the walk and the use, as another program could make it happen: every operation is given
  // the path that was resolved, after a component of it has become a link to the outside.
  test('a folder that becomes a link after the walk is not followed', () => {
    writeFileSync(join(host, 'grant/sub/key'), 'inside');
    const place = tree.resolve('/', '/work/sub/key', true);
    renameSync(join(host, 'grant/sub'), join(host, 'grant/old'));
    symlinkSync('../secret', join(host, 'grant/sub'));
    const uses: readonly (() => unknown)[] = [
      () => granted.stat(place.path),
      () => granted.readLink(place.path),
      () => granted.open(place.path, reading),
      () => granted.open('sub/made', creating),
      () => granted.list('sub'),
      () => granted.makeDirectory('sub/made', 0o700),
      () => granted.unlink(place.path),
      () => granted.rename(place.path, 'stolen'),
      () => granted.rename('file', place.path),
      () => granted.link(place.path, 'stolen'),
      () => granted.link('file', 'sub/made'),
      () => granted.symbolicLink('sub/made', 'x'),
      () => granted.setPermissions(place.path, 0o777),
      () => granted.setOwner(place.path, 0, 0),
      () => granted.setTimes(place.path, { seconds: 1, nanoseconds: 0 }, undefined),
    ];
    for (const use of uses) expect(use).toThrow(SystemError);
    expect(readFileSync(join(host, 'secret/key'), 'utf8')).toBe('secret');
    expect(existsSync(join(host, 'secret/made'))).toBe(false);
    expect(existsSync(join(host, 'grant/stolen'))).toBe(false);
  });

  test('a file that becomes a link after the walk is not followed', () => {
    rmSync(join(host, 'grant/file'));
    symlinkSync('../secret/key', join(host, 'grant/file'));
    expect(() => granted.open('file', reading)).toThrow(SystemError);
    expect(() => granted.open('file', { ...creating, truncate: true })).toThrow(SystemError);
    expect(() => granted.list('file')).toThrow(SystemError);
    expect(() => granted.setPermissions('file', 0o777)).toThrow(SystemError);
    expect(granted.stat('file').mode & 0o170000).toBe(0o120000);
    expect(readFileSync(join(host, 'secret/key'), 'utf8')).toBe('secret');
  });

  test('names are bytes', () => {
    const name = byteStringOf(new Uint8Array([0xff, 0xc3, 0xa4, 0x80]));
    granted.open(name, creating).close();
    expect(granted.list('').map((entry) => entry.name)).toContain(name);
    expect(granted.stat(name).size).toBe(0);
    granted.unlink(name);
  });

  test('read-only: everything that changes something is EROFS', () => {
    const sealed = new ReadOnlyFileSystem(granted);
    const changes: readonly (() => unknown)[] = [
      () => sealed.open('file', { ...reading, write: true }),
      () => sealed.open('file', { ...reading, truncate: true }),
      () => sealed.open('fresh', creating),
      () => sealed.makeDirectory(),
      () => sealed.removeDirectory(),
      () => sealed.unlink(),
      () => sealed.rename(),
      () => sealed.link(),
      () => sealed.symbolicLink(),
      () => sealed.makePipe(),
      () => sealed.setPermissions(),
      () => sealed.setOwner(),
      () => sealed.setTimes(),
      () => sealed.open('file', reading).setPermissions(0),
      () => sealed.open('file', reading).truncate(0),
    ];
    for (const change of changes) {
      expect(errorOr(() => String(change()))).toBe('EROFS');
    }
    expect(new SystemError(Errno.EROFS).message).toBe('EROFS');
    expect(readFileSync(join(host, 'grant/file'), 'utf8')).toBe('open');
  });
});
