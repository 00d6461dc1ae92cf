// A program that a test starts: its output goes to a file, and it ends by its own pid.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const stopTime = 20_000;

// What still runs when this process ends, for whatever reason, ends with it.
const running = new Set();
process.on('exit', () => {
  for (const program of running) program.child.kill('SIGKILL');
});

/** A running program with a name for messages. */
export class Program {
  /**
   * @param {string} name
   * @param {string} command
   * @param {string[]} args
   * @param {{ log: string, env?: Record<string, string>, cwd?: string }} options
   */
  constructor(name, command, args, { log, env = {}, cwd }) {
    this.name = name;
    this.log = log;
    const output = openSync(log, 'a');
    this.child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    this.ended = once(this.child, 'exit').catch((error) => [error.message]);
    this.running = true;
    running.add(this);
    this.ended.then(() => {
      this.running = false;
      running.delete(this);
    });
  }

  get pid() {
    return this.child.pid;
  }

  /** Ends the program and waits until it has; a program that hangs is killed and reported. */
  async stop(signal = /** @type {NodeJS.Signals} */ ('SIGTERM')) {
    if (!this.running) return;
    this.child.kill(signal);
    const late = delay(stopTime, 'late', { ref: false });
    if ((await Promise.race([this.ended, late])) === 'late') {
      this.child.kill('SIGKILL');
      await this.ended;
      throw new Error(`${this.name} did not end within ${stopTime / 1000} s\n${this.tail()}`);
    }
  }

  /** Waits until `ready` holds; fails at once when the program ends before. */
  async ready(ready, { within = 180_000 } = {}) {
    const until = Date.now() + within;
    while (!(await ready().catch(() => false))) {
      if (!this.running) throw new Error(`${this.name} ended at its start\n${this.tail()}`);
      if (Date.now() > until) throw new Error(`${this.name} is not ready\n${this.tail()}`);
      await delay(100);
    }
  }

  tail(lines = 25) {
    return readFileSync(this.log, 'utf8').split('\n').slice(-lines).join('\n');
  }
}

/** Returns ports of the loopback that were free a moment ago. */
export async function freePorts(count) {
  const servers = [];
  for (let i = 0; i < count; i++) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
  }
  const ports = servers.map((server) => server.address().port);
  for (const server of servers) {
    server.close();
    await once(server, 'close');
  }
  return ports;
}
