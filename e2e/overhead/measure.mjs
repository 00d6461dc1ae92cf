#!/usr/bin/env node
// Measures what the sensor costs the programs of a machine, and what it takes itself.

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, release, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { measureMemory } from './agent.mjs';
import { show, spread } from './figures.mjs';
import { Loads } from './load.mjs';
import { overload } from './overload.mjs';
import { Sensor } from './sensor.mjs';

const help = `usage: e2e/overhead/measure.mjs [--rounds N] [--scale F] [--step STEP]… [--json FILE]

Runs loads without a sensor and with one, in turn, on every step of the ladder that this kernel
allows, and says by how much each takes longer: medians of the rounds, with the least and the
greatest ratio. Then the memory of an agent, and what is counted when more is offered than can
be taken. Needs root and a C compiler; takes about a minute a round.

  --rounds N     how often; 5 when not given
  --scale F      part of each load's calls, such as 0.01 for a trial; 1 when not given
  --step STEP    tracepoint, btf or fexit; all when not given
  --json FILE    also writes every figure there, as JSON
  --help         this

SOCKEYE_BIN          the program (default target/release/sockeye)
SOCKEYE_FALCO_RULES  a folder with the rule files published for Falco, loaded beside ours`;

const { values: asked } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    step: { type: 'string', multiple: true, default: ['fexit', 'tracepoint', 'btf'] },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const root = fileURLToPath(new URL('../..', import.meta.url));
const binary = resolve(process.env.SOCKEYE_BIN ?? join(root, 'target/release/sockeye'));
const count = (all) => Math.max(100, Math.round(all * Number(asked.scale)));
const say = (line) => process.stdout.write(`${line}\n`);

// What a load may cost at most, by step; where none stands there is no target.
const all = [
  { what: 'read', title: 'reads and writes, which no rule needs', count: 10_000_000,
    most: { fexit: 1, tracepoint: 1.26 } },
  { what: 'open', title: 'open and close of a path that no rule names', count: 1_000_000,
    path: 'unnamed', most: { fexit: 1.1, tracepoint: 1.25 } },
  { what: 'open', title: 'open and close of a path that rules name', count: 1_000_000,
    path: 'named', most: { fexit: 1.45, tracepoint: 1.45 }, reader_most_s: 1 },
  { what: 'spawn', title: 'fork and execution of a program that does nothing', count: 3_000,
    path: 'nothing', most: { fexit: 1.04, tracepoint: 1.04 } },
  { what: 'request', title: 'requests over the loopback, a connection each', count: 20_000 },
];

/** The rules: ours, and before them those published for Falco where they are to be had. */
async function ruleFiles() {
  const folder = process.env.SOCKEYE_FALCO_RULES;
  const names = folder ? (await readdir(folder)).filter((name) => name.endsWith('.yaml')) : [];
  // Those that others build upon come first.
  names.sort((one, other) => one.length - other.length);
  const published = names.map((name) => join(folder, name));
  return { published, paths: [...published, join(root, 'rules', 'syscall')] };
}

async function oneLoad(loads, load) {
  return loads.run(load.what, count(load.count), loads[load.path]);
}

/** One round on one step: every load without a sensor, then with one. */
async function round(loads, setting, step) {
  const bare = [];
  for (const load of all) bare.push(await oneLoad(loads, load));
  const sensor = await Sensor.start(binary, setting.dir, { step, rules: setting.rules.paths });
  const watched = [];
  for (const load of all) {
    const before = await sensor.cpu();
    const took = await oneLoad(loads, load);
    await sensor.idle();
    watched.push({ ...took, reader_s: (await sensor.cpu()) - before });
  }
  const { seen, filtered, lost, lost_calls, sources } = await sensor.stop();
  const records = sources.syscall?.read ?? 0;
  return { bare, watched, seen, filtered, records, lost, lost_calls };
}

function judge(load, at, rounds, step) {
  const times = ({ bare, watched }, key) => watched[at][key] / bare[at][key];
  const ratio = (key) => spread(rounds.map((one) => times(one, key)));
  const of = (part, key) => spread(rounds.map((one) => one[part][at][key]));
  const figures = {
    load: load.title, step, count: count(load.count),
    bare_s: of('bare', 'own_s'), times: ratio('own_s'), wall_times: ratio('wall_s'),
    reader_s: of('watched', 'reader_s'), most: load.most?.[step],
  };
  if (load.reader_most_s) figures.reader_most_s = load.reader_most_s * Number(asked.scale);
  if (rounds[0].bare[at].a_second) {
    for (const key of ['a_second', 'p50_us', 'p99_us']) {
      figures[key] = { bare: of('bare', key), watched: of('watched', key), times: ratio(key) };
    }
  }
  return figures;
}

function tell(figures) {
  const { load, step, times, wall_times, reader_s, bare_s, most } = figures;
  const met = (holds) => (holds ? 'met' : 'MISSED');
  const target = most ? `; target ×${most}: ${met(times.median <= most + 0.005)}` : '';
  say(`${load} (${figures.count})`);
  say(`  ${step}: processor time ${show(times, { sign: '×' })}${target}`);
  say(`    without ${show(bare_s, { digits: 3 })} s, wall time ${show(wall_times, { sign: '×' })}`);
  const own = figures.reader_most_s;
  const limit = own ? `; target ${own}: ${met(reader_s.median <= own)}` : '';
  say(`    sockeye itself ${show(reader_s)} s of processor time${limit}`);
  for (const key of ['a_second', 'p50_us', 'p99_us']) {
    if (!figures[key]) continue;
    const { bare, watched, times } = figures[key];
    say(`    ${key} ${show(bare, { digits: 0 })} without, ${show(watched, { digits: 0 })} with, ` +
      show(times, { sign: '×' }));
  }
}

async function onStep(loads, setting, step) {
  const rounds = [];
  try {
    for (let i = 0; i < Number(asked.rounds); i++) {
      rounds.push(await round(loads, setting, step));
    }
  } catch (error) {
    if (rounds.length > 0) throw error;
    say(`\n== step ${step}: not on this kernel: ${error.message}`);
    return { step, refused: error.message };
  }
  say(`\n== step ${step}, ${rounds.length} rounds`);
  const figures = all.map((load, at) => judge(load, at, rounds, step));
  figures.forEach(tell);
  const sum = (key) => rounds.reduce((so_far, one) => so_far + one[key], 0);
  const lost = rounds.flatMap((one) => Object.values(one.lost)).reduce((a, b) => a + b, 0);
  say(`events of all rounds: ${sum('seen')} seen, ${sum('filtered')} dropped in the kernel, ` +
    `${sum('records')} judged, ${lost} lost`);
  return { step, figures, rounds, lost };
}

async function main() {
  if (asked.help) return say(help);
  if (process.getuid() !== 0) return say('skipped: the sensor needs root');
  const dir = await mkdtemp(join(tmpdir(), 'sockeye-overhead-'));
  try {
    const loads = await Loads.build(dir);
    const rules = await ruleFiles();
    const setting = { binary, dir, rules };
    const told = rules.published.map((path) => basename(path)).join(', ');
    say(`kernel ${release()}, ${availableParallelism()} processors, ${binary}`);
    say(`rules: ours${told ? ` and ${told}` : ' alone: SOCKEYE_FALCO_RULES names no others'}`);
    const loaded = { before: loadavg()[0] };
    say(`load average ${loaded.before.toFixed(1)} at the start`);
    const steps = [];
    for (const step of asked.step) steps.push(await onStep(loads, setting, step));
    const step = steps.find(({ refused }) => !refused)?.step;
    if (!step) throw new Error('no step can be taken, so nothing was measured');
    const common = { binary, dir, step, rules: rules.paths, loads, count };
    const agent = await measureMemory(common);
    say(`\n== memory of sockeye agent, step ${agent.step}`);
    say(`${agent.rest.beside_ring_mb.toFixed(0)} MB at rest, ` +
      `${agent.most.beside_ring_mb.toFixed(0)} MB under load, beside ` +
      `${agent.most.ring_mb.toFixed(0)} MB of ring; target 80: ${agent.met ? 'met' : 'MISSED'}`);
    const storm = await overload(common);
    say(`\n== more than can be taken, step ${step}`);
    say(`${storm.offered} calls: ${storm.told} told of, ${storm.lost} counted as lost: ` +
      (storm.exact ? 'exact' : `NOT exact, ${JSON.stringify(storm.causes)}`));
    loaded.after = loadavg()[0];
    say(`\nload average ${loaded.after.toFixed(1)} at the end; ratios whose spreads overlap ` +
      'do not differ');
    if (asked.json) {
      const machine = { kernel: release(), processors: availableParallelism(), loaded };
      const result = { machine, rules: rules.paths, steps, agent, overload: storm };
      await writeFile(asked.json, `${JSON.stringify(result, null, 2)}\n`);
    }
    if (!storm.exact) process.exitCode = 1;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

await main();
