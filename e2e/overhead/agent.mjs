// The memory of `sockeye agent`, with a server of its own, before and under load.

import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import { freePorts, Program } from '../cluster/program.mjs';
import { memory } from './sensor.mjs';

const run = promisify(execFile);

/** An agent that has joined a server. */
export class Agent {
  static async start(binary, dir, { rules }) {
    const agent = new Agent();
    await mkdir(dir, { recursive: true });
    const data = join(dir, 'server');
    const own = join(dir, 'agent');
    const [http, agents] = (await freePorts(2)).map((port) => `127.0.0.1:${port}`);
    const env = { SOCKEYE_AGENTS: agents, SOCKEYE_SENSOR: 'off', SOCKEYE_LOG: 'warn' };
    const serve = ['serve', '--data', data, '--listen', http];
    agent.server = new Program('sockeye serve', binary, serve, { log: join(dir, 'serve'), env });
    await agent.server.ready(async () => (await fetch(`http://${http}/readyz`)).ok);
    const { stdout } = await run(binary, ['nodes', 'add', 'measured', '--data', data]);
    const [, ...words_to_join] = stdout.trim().split(/\s+/);
    await run(binary, [...words_to_join, '--join-only', '--data', own]);
    const words = ['agent', '--data', own, ...rules.flatMap((path) => ['--rules', path])];
    agent.program = new Program('sockeye agent', binary, words, { log: join(dir, 'log'), env });
    await agent.program.ready(async () => {
      if (!/^ready/m.test(agent.program.tail())) throw new Error('not yet');
      return true;
    });
    agent.step = agent.program.tail().match(/watches on step (\w+)/)?.[1];
    return agent;
  }

  memory() {
    return memory(this.program.pid);
  }

  async stop() {
    await this.program?.stop();
    await this.server?.stop();
  }
}

/** Returns what an agent holds at rest, and the most that it held under every load. */
export async function measureMemory({ binary, dir, rules, loads, count }) {
  const agent = await Agent.start(binary, join(dir, 'memory'), { rules });
  try {
    await delay(6_000);
    const rest = await agent.memory();
    let most = rest;
    const look = async () => {
      const now = await agent.memory();
      if (now.beside_ring_mb > most.beside_ring_mb) most = now;
    };
    const timer = setInterval(() => look().catch(() => {}), 200);
    await loads.run('spawn', count(3_000), loads.nothing);
    await loads.run('open', count(1_000_000), loads.named);
    await loads.run('write', count(1_000_000), loads.named);
    await loads.run('request', count(20_000));
    clearInterval(timer);
    await look();
    return { step: agent.step, rest, most, target_mb: 80, met: most.beside_ring_mb <= 80 };
  } finally {
    await agent.stop();
  }
}
