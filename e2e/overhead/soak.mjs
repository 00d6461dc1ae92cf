#!/usr/bin/env node
// Many days of a busy node in a few minutes: memory stays flat, tables bounded, loss counted.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, release, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

import { Agent } from './agent.mjs';
import { median } from './figures.mjs';
import { Loads } from './load.mjs';
import { memory, Sensor } from './sensor.mjs';

const help = `usage: e2e/overhead/soak.mjs [--seconds N] [--json FILE]

Starts and ends processes, connections and cgroups without a pause, while an agent with a server
of its own and sockeye detect --live watch. Fails if the memory of the latter still grows in
the second half of the time, by more than a tenth and 4 MB, or if the agent ever holds more than
80 MB beside its ring: it sums connections up over ten minutes, so it is flat only after these.
Needs root and a C compiler.

  --seconds N  how long; 30 when not given
  --json FILE  also writes every figure there, as JSON
  --help       this

SOCKEYE_BIN          the program (default target/release/sockeye)
SOCKEYE_FALCO_RULES  is not looked at: the rules are ours`;

/** What a node with thirty pods does in a day; as in the bench of a day of activity. */
const day = { commands: 172_800, connections: 864_000 };
const batch = { commands: 500, connections: 2_500, opens: 20_000, cgroups: 50 };
const growthMax = { part: 0.1, mb: 4 };
const agentMax = 80;

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Makes cgroups, each with a process in it for a moment. */
async function cgroups(loads, number) {
  const tree = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((path) =>
    existsSync(join(path, 'cgroup.procs')));
  if (!tree) return 0;
  const script = 'i=0; while [ $i -lt $3 ]; do d=$1/sockeye-soak-$4-$i; mkdir $d || exit 1; ' +
    'sh -c "echo 0 >$d/cgroup.procs && exec $2"; rmdir $d; i=$((i + 1)); done';
  await run('sh', ['-c', script, 'sh', tree, loads.nothing, `${batch.cgroups}`, `${number}`]);
  return batch.cgroups;
}

/** Loads the machine until the time is over; returns what was done. */
async function live(loads, seconds, watched) {
  const done = { commands: 0, connections: 0, opens: 0, cgroups: 0 };
  const samples = [];
  const until = Date.now() + seconds * 1000;
  const sampling = (async () => {
    while (Date.now() < until) {
      const [agent, detect] = await Promise.all(watched.map(async (look) => look()));
      samples.push({ agent: agent.beside_ring_mb, detect: detect.beside_ring_mb });
      await delay(500);
    }
  })();
  for (let number = 0; Date.now() < until; number++) {
    await loads.run('spawn', batch.commands, loads.nothing);
    await loads.run('request', batch.connections);
    await loads.run('open', batch.opens, loads.named);
    done.cgroups += await cgroups(loads, number);
    done.commands += batch.commands;
    done.connections += batch.connections;
    done.opens += batch.opens;
  }
  await sampling;
  return { done, samples };
}

/** Compares the second quarter of the time with the last one. */
function flat(samples, who) {
  const quarter = (from) => {
    const at = (part) => Math.floor((samples.length * part) / 4);
    return median(samples.slice(at(from), at(from + 1)).map((sample) => sample[who]));
  };
  const [before, after] = [quarter(1), quarter(3)];
  const limit = before * (1 + growthMax.part) + growthMax.mb;
  const most = Math.max(...samples.map((sample) => sample[who]));
  return { before_mb: before, after_mb: after, most_mb: most, flat: after <= limit };
}

export async function soak({ binary, seconds, say }) {
  const dir = await mkdtemp(join(tmpdir(), 'sockeye-soak-'));
  const rules = [join(root, 'rules', 'syscall')];
  let agent, sensor;
  try {
    const loads = await Loads.build(dir);
    agent = await Agent.start(binary, join(dir, 'node'), { rules });
    sensor = await Sensor.start(binary, dir, { step: 'auto', rules });
    say(`kernel ${release()}, load average ${loadavg()[0].toFixed(1)}, ${seconds} s`);
    const watched = [() => agent.memory(), () => memory(sensor.child.pid)];
    const { done, samples } = await live(loads, seconds, watched);
    await sensor.idle();
    const { seen, lost, gaps } = await sensor.stop();
    const days = { commands: done.commands / day.commands };
    days.connections = done.connections / day.connections;
    const result = { done, days, seen, lost, gaps, samples };
    result.agent = flat(samples, 'agent');
    result.detect = flat(samples, 'detect');
    for (const who of ['agent', 'detect']) {
      const { before_mb, after_mb, most_mb } = result[who];
      say(`${who}: ${before_mb.toFixed(1)} MB in the second quarter of the time, ` +
        `${after_mb.toFixed(1)} MB in the last, at most ${most_mb.toFixed(1)} MB: ` +
        (result[who].flat ? 'flat' : 'grows'));
    }
    say(`done: ${Object.entries(done).map(([what, count]) => `${count} ${what}`).join(', ')}; ` +
      `${days.commands.toFixed(1)} days of commands, ` +
      `${days.connections.toFixed(1)} of connections`);
    say(`seen ${seen}, lost ${JSON.stringify(lost)}, forgotten or unknown ${JSON.stringify(gaps)}`);
    return result;
  } finally {
    sensor?.child.kill('SIGKILL');
    await agent?.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

async function main() {
  const { values: asked } = parseArgs({
    options: {
      seconds: { type: 'string', default: '30' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const say = (line) => process.stdout.write(`${line}\n`);
  if (asked.help) return say(help);
  if (process.getuid() !== 0) return say('skipped: the sensor needs root');
  const binary = resolve(process.env.SOCKEYE_BIN ?? join(root, 'target/release/sockeye'));
  const result = await soak({ binary, seconds: Number(asked.seconds), say });
  if (asked.json) await writeFile(asked.json, `${JSON.stringify(result, null, 2)}\n`);
  if (!result.detect.flat || result.agent.most_mb > agentMax) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
