// Starts the real server on a free loopback port, with a data directory of its own.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const START_MS = 30_000;
const STOP_MS = 10_000;

async function freePort() {
  const probe = createServer();
  await new Promise((done) => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

/**
 * Returns where the server listens, its one-time sign-in link, and how to stop it. The trail begins
 * with the lines of `kept`, if a file is named.
 */
export async function startServer(binary, kept) {
  const data = await mkdtemp(join(tmpdir(), 'sockeye-browser-'));
  if (kept) {
    const keep = join(dirname(binary), 'examples', 'keep');
    const done = spawnSync(keep, [data, kept], { encoding: 'utf8' });
    assert.equal(
      done.status,
      0,
      `${keep}: ${done.error ?? done.stderr} (cargo build -p store --example keep)`,
    );
  }
  const port = await freePort();
  const flags = ['serve', '--data', data, '--listen', `127.0.0.1:${port}`, '--admin-name', 'dana'];
  const child = spawn(binary, flags, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // What this machine does meanwhile is no part of the test.
    env: {
      PATH: process.env.PATH,
      HOME: data,
      SOCKEYE_SENSOR: 'off',
      SOCKEYE_AGENTS: '127.0.0.1:0',
    },
  });
  let said = '';
  const link = await new Promise((found, failed) => {
    const late = setTimeout(
      () => failed(new Error(`no sign-in link in ${START_MS} ms:\n${said}`)),
      START_MS,
    );
    const hear = (bytes) => {
      said += bytes;
      const match = /https?:\/\/\S+\/signin\?token=\S+/.exec(said);
      if (!match) return;
      clearTimeout(late);
      found(match[0]);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('exit', (code) => failed(new Error(`the server ended with ${code}:\n${said}`)));
  });
  const url = new URL(link).origin;
  const stop = async () => {
    child.removeAllListeners('exit');
    if (child.exitCode === null) {
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(late);
    }
    await rm(data, { recursive: true, force: true });
  };
  return { url, link, data, stop, said: () => said };
}
