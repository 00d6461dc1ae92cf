// Changes a byte of each file of a directory, one at a time, and expects `verify` to say so.

import assert from 'node:assert/strict';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { sockeye } from './sockeye.mjs';

export async function eachFlipIsNamed(dir) {
  const entries = await readdir(dir, { recursive: true });
  let flipped = 0;
  for (const name of entries) {
    const path = join(dir, name);
    const info = await stat(path);
    if (!info.isFile() || info.size === 0) continue;
    await flip(path, Math.floor(info.size / 2));
    const broken = await sockeye('verify', dir);
    await flip(path, Math.floor(info.size / 2));
    const said = broken.stdout + broken.stderr;
    assert.notEqual(broken.code, 0, `${name} was changed and nobody saw it\n${said}`);
    assert.ok(said.includes(basename(name)), `${name} was changed and is not named\n${said}`);
    flipped++;
  }
  assert.ok(flipped > 0, `nothing to change in ${dir}`);
  const mended = await sockeye('verify', dir);
  assert.equal(mended.code, 0, mended.stdout + mended.stderr);
}

async function flip(path, at) {
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  byte[0] ^= 1;
  await file.write(byte, 0, 1, at);
  await file.close();
}
