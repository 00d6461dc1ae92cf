// A Docker daemon of our own: its own data, state, socket and network, so that one that runs on the
// machine is left alone, and nothing stays behind.

import { execFile } from 'node:child_process';
import { access, mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Program } from '../cluster/program.mjs';
import { unmountBelow } from './containerd.mjs';
import { debian, images } from './image.mjs';

const run = promisify(execFile);
/** A key that some versions make in a folder that cannot be chosen. */
const key = '/etc/docker/key.json';
/** A network that leads nowhere else. */
export const network = 'shop';
const runtime = join(dirname(fileURLToPath(import.meta.url)), 'runc-within');

/** Says why no Docker can run here, or nothing when one can. */
export async function missing() {
  for (const tool of ['dockerd', 'docker', 'setpriv', 'unshare']) {
    const found = await run('sh', ['-c', `command -v ${tool}`]).catch(() => null);
    if (!found) return `${tool} is not installed`;
  }
}

/** A running Docker daemon. */
export class Docker {
  /** Starts one that keeps everything in `dir`, and brings in the image. */
  static async start(dir) {
    const docker = new Docker();
    docker.dir = join(dir, 'docker');
    const at = (name) => join(docker.dir, name);
    docker.socket = at('sock');
    await mkdir(docker.dir);
    await writeFile(at('daemon.json'), '{}');
    docker.hadKey = await access(key).then(() => true, () => false);
    // Its bridges are in a network namespace that goes with it: the machine's stays as it is.
    docker.program = new Program('dockerd', 'unshare', [
      '--net', 'dockerd',
      `--data-root=${at('data')}`, `--exec-root=${at('run')}`, `--pidfile=${at('pid')}`,
      `--host=unix://${docker.socket}`, `--config-file=${at('daemon.json')}`,
      '--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false',
      '--ip-masq=false', '--userland-proxy=false',
      '--storage-driver=overlay2', '--exec-opt=native.cgroupdriver=cgroupfs',
      '--oom-score-adjust=0', `--add-runtime=within=${runtime}`, '--default-runtime=within',
    ], { log: at('log') });
    try {
      await docker.program.ready(() => docker.run('version'));
      await docker.run('network', 'create', '--internal', network);
      await docker.run('import', await debian(), images.shop.name);
    } catch (error) {
      await docker.stop().catch(() => {});
      throw error;
    }
    return docker;
  }

  /** How its client is called. */
  get command() {
    return ['docker', '--host', `unix://${this.socket}`];
  }

  /** Runs the client and returns what it printed. */
  async run(...args) {
    const [program, ...common] = this.command;
    return (await run(program, [...common, ...args])).stdout.trim();
  }

  /** Ends every container, then the daemon, then what they mounted. */
  async stop() {
    if (this.program.running) {
      const ids = (await this.run('ps', '--all', '--quiet')).split('\n').filter(Boolean);
      if (ids.length > 0) await this.run('rm', '--force', ...ids);
    }
    await this.program.stop();
    await unmountBelow(this.dir);
    await rm(this.dir, { recursive: true, force: true });
    if (this.hadKey) return;
    await rm(key, { force: true });
    await rmdir(dirname(key)).catch(() => {});
  }
}
