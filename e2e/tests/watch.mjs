// `sockeye detect --live` as a test sees it: rules in, alerts out, from this machine as it is.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { binary, until } from './sockeye.mjs';

/** A watch over this machine. */
export class Watch {
  /** Starts one with rules and flags; returns when every program of the kernel is attached. */
  static async start(dir, name, rules, flags = []) {
    const watch = new Watch();
    watch.alerts = [];
    watch.told = [];
    watch.summary = join(dir, `${name}-summary.json`);
    const args = ['detect', '--live', '--output', 'json', '--summary', watch.summary, ...flags];
    watch.child = spawn(binary, [...args, ...rules.flatMap((path) => ['--rules', path])], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    watch.ended = once(watch.child, 'exit');
    createInterface(watch.child.stderr).on('line', (line) => watch.told.push(line));
    createInterface(watch.child.stdout).on('line', (line) => watch.alerts.push(JSON.parse(line)));
    process.once('exit', () => watch.child.kill('SIGKILL'));
    await until('the sensor is ready', async () => {
      if (watch.child.exitCode !== null) throw new Error(watch.told.join('\n'));
      return watch.told.some((line) => line.startsWith('ready'));
    }, { within: 60_000 });
    return watch;
  }

  /** Returns the alerts of one container. */
  of(container) {
    return this.alerts.filter(({ subject }) => subject.container === container);
  }

  /** Ends it and returns what it counted. */
  async stop() {
    this.child.kill('SIGINT');
    await this.ended;
    return JSON.parse(await readFile(this.summary, 'utf8'));
  }
}
