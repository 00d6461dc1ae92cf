// Changes a byte of one file after the other and expects `verify` to say which. The crates' own
// tests change every byte; here it is the real program on what the real server wrote.

import assert from 'node:assert/strict';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { sockeye } from './sockeye.mjs';

const filesMax = 12;

export async function eachFlipIsNamed(dir) {
  const files = await written(dir);
  const step = Math.max(1, files.length / filesMax);
  let flipped = 0;
  for (let at = 0; at < files.length; at += step) {
    const { name, path, size } = files[Math.floor(at)];
    await flip(path, Math.floor(size / 2));
    const broken = await sockeye('verify', dir);
    await flip(path, Math.floor(size / 2));
    const said = broken.stdout + broken.stderr;
    assert.notEqual(broken.code, 0, `${name} was changed and nobody saw it\n${said}`);
    assert.ok(said.includes(basename(name)), `${name} was changed and is not named\n${said}`);
    flipped++;
  }
  assert.ok(flipped > 0, `nothing to change in ${dir}`);
  const mended = await sockeye('verify', dir);
  assert.equal(mended.code, 0, mended.stdout + mended.stderr);
}

async function written(dir) {
  const entries = (await readdir(dir, { recursive: true })).sort();
  const files = entries.map(async (name) => {
    const path = join(dir, name);
    const info = await stat(path);
    return { name, path, size: info.isFile() ? info.size : 0 };
  });
  return (await Promise.all(files)).filter(({ size }) => size > 0);
}

async function flip(path, at) {
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  byte[0] ^= 1;
  await file.write(byte, 0, 1, at);
  await file.close();
}
