// `sockeye detect --live` under measurement.

import { openSync, closeSync, readFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** Until then no cgroup is sure to be no container's, and more is sent than in the long run. */
const settleTime = 6_000;
const readyTime = 120_000;
const idleTime = 60_000;

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export class Sensor {
  /** Starts it, and waits until it is as it will be; throws what it said when it cannot. */
  static async start(binary, dir, { step, rules, settle = settleTime, more = [] }) {
    const sensor = new Sensor();
    sensor.summary = join(dir, 'summary.json');
    sensor.said = join(dir, 'said');
    await rm(sensor.summary, { force: true });
    const said = openSync(sensor.said, 'w');
    const args = ['detect', '--live', '--step', step, '-o', 'json', '--summary', sensor.summary];
    args.push(...rules.flatMap((path) => ['--rules', path]), ...more);
    sensor.child = spawn(binary, args, { stdio: ['ignore', 'ignore', said] });
    closeSync(said);
    running.add(sensor.child);
    sensor.ended = once(sensor.child, 'exit').then(() => running.delete(sensor.child));
    const until = Date.now() + readyTime;
    while (!/^ready/m.test(readFileSync(sensor.said, 'utf8'))) {
      const ended = sensor.child.exitCode !== null;
      if (!ended && Date.now() < until) {
        await delay(50);
        continue;
      }
      sensor.child.kill('SIGKILL');
      const lines = readFileSync(sensor.said, 'utf8').trim().split('\n');
      throw new Error(lines.findLast((line) => line.includes('error')) ?? lines.join(' '));
    }
    await delay(settle);
    return sensor;
  }

  /** Seconds that it has been on a processor. */
  async cpu() {
    return processorTime(this.child.pid);
  }

  /** Waits until it has nothing left to read, as far as its use of the processor tells. */
  async idle() {
    const until = Date.now() + idleTime;
    for (let last = await this.cpu(), now = Infinity; Date.now() < until; last = now) {
      await delay(250);
      now = await this.cpu();
      if (now - last < 0.05) return;
    }
    throw new Error(`the sensor was not done after ${idleTime / 1000} s`);
  }

  /** Ends it and returns its summary. */
  async stop() {
    this.child.kill('SIGINT');
    await this.ended;
    return JSON.parse(await readFile(this.summary, 'utf8'));
  }
}

/** Seconds that all threads of a process have been on a processor. */
export async function processorTime(pid) {
  let nanoseconds = 0;
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0');
    nanoseconds += Number(text.split(' ')[0]);
  }
  return nanoseconds / 1e9;
}

/** Megabytes that a process holds, and how many of them are the ring shared with the kernel. */
export async function memory(pid) {
  const maps = await readFile(`/proc/${pid}/smaps`, 'utf8');
  let all = 0, ring = 0, ofRing = false;
  for (const line of maps.split('\n')) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) ofRing = line.includes('bpf-map');
    const size = line.match(/^Rss: +(\d+) kB/)?.[1];
    all += Number(size ?? 0) / 1024;
    if (ofRing) ring += Number(size ?? 0) / 1024;
  }
  return { all_mb: all, ring_mb: ring, beside_ring_mb: all - ring };
}
