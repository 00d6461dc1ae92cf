// A containerd of our own: its own root, state and socket, so that one that runs on the machine
// is left alone, and nothing stays behind.

import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import { Program } from '../cluster/program.mjs';
import { archive, images } from './image.mjs';

const run = promisify(execFile);
const plugins = '/usr/lib/cni';
const namespaces = ['default', 'k8s.io'];

/** Says why no containerd can run here, or nothing when one can. */
export async function missing() {
  if (process.getuid() !== 0) return 'containers need root';
  for (const tool of ['containerd', 'ctr', 'runc', 'busybox', 'mmdebstrap', 'ip']) {
    const found = await run('sh', ['-c', `command -v ${tool}`]).catch(() => null);
    if (!found) return `${tool} is not installed`;
  }
  const bridge = await readdir(plugins).catch(() => []);
  if (!bridge.includes('bridge')) return `${plugins}/bridge is not installed`;
}

/** A running containerd. */
export class Containerd {
  /** Starts one that keeps everything in `dir` and gives pods addresses of `network`. */
  static async start(dir, network) {
    const containerd = new Containerd();
    containerd.dir = join(dir, 'containerd');
    containerd.network = network;
    containerd.socket = join(containerd.dir, 'run', 'containerd.sock');
    try {
      await containerd.#configure();
      await containerd.#start();
      await containerd.ready();
    } catch (error) {
      await containerd.stop().catch(() => {});
      throw error;
    }
    return containerd;
  }

  async #configure() {
    const net = join(this.dir, 'net.d');
    await mkdir(net, { recursive: true });
    const { bridge, subnet } = this.network;
    const network = {
      cniVersion: '0.4.0',
      name: 'sockeye-e2e',
      plugins: [
        {
          type: 'bridge', bridge, isGateway: false, ipMasq: false,
          ipam: { type: 'host-local', ranges: [[{ subnet }]], dataDir: join(this.dir, 'ipam') },
        },
      ],
    };
    await writeFile(join(net, '10-bridge.conflist'), JSON.stringify(network));
    this.config = join(this.dir, 'config.toml');
    // A machine without CAP_SYS_RESOURCE may not lower a score below its own.
    await writeFile(this.config, `version = 2
root = "${join(this.dir, 'root')}"
state = "${join(this.dir, 'run')}"
[grpc]
  address = "${this.socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${images.pause.name}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${plugins}"
    conf_dir = "${net}"
`);
  }

  async #start() {
    this.program = new Program('containerd', 'containerd', ['--config', this.config], {
      log: join(this.dir, 'containerd.log'),
    });
    await this.program.ready(() => this.ctr('version'));
  }

  /** Brings in the images; returns when they are there. */
  async ready() {
    this.digests = {};
    for (const [key, image] of Object.entries(images)) {
      const { path, digest, remove } = await archive(image);
      for (const namespace of namespaces) {
        await this.ctr('--namespace', namespace, 'images', 'import', path);
      }
      this.digests[key] = digest;
      await remove();
    }
  }

  /** Runs ctr and returns what it printed. */
  async ctr(...args) {
    const { stdout } = await run('ctr', ['--address', this.socket, ...args]);
    return stdout;
  }

  /** Ends every container, then containerd, then what they mounted. */
  async stop() {
    if (this.program?.running) {
      for (const namespace of namespaces) await this.#empty(namespace);
    }
    await this.program?.stop();
    await this.#endShims();
    await unmountBelow(this.dir);
    await rm(this.dir, { recursive: true, force: true });
  }

  async #empty(namespace) {
    const list = async (what) => {
      const names = await this.ctr('--namespace', namespace, what, 'list', '--quiet');
      return names.split('\n').filter(Boolean);
    };
    for (const task of await list('tasks')) {
      await this.ctr('--namespace', namespace, 'tasks', 'delete', '--force', task).catch(() => {});
    }
    for (const name of await list('containers')) {
      await this.ctr('--namespace', namespace, 'containers', 'delete', name).catch(() => {});
    }
  }

  // A shim outlives its containerd on purpose. Ours are those that were told of our socket.
  async #endShims() {
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const line = await readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '');
      const args = line.split('\0');
      if (args[0].endsWith('containerd-shim-runc-v2') && args.includes(this.socket)) {
        process.kill(Number(pid), 'SIGKILL');
      }
    }
  }
}

/** Takes down every mount below a directory, the innermost first. */
export async function unmountBelow(dir) {
  for (let tries = 0; tries < 20; tries++) {
    const table = await readFile('/proc/self/mountinfo', 'utf8');
    const points = table.split('\n').map((line) => line.split(' ')[4]);
    const ours = points.filter((point) => point?.startsWith(`${dir}/`)).reverse();
    if (ours.length === 0) return;
    for (const point of ours) await run('umount', [point]).catch(() => {});
    await delay(100);
  }
  throw new Error(`${dir} still has mounts`);
}

/** Ends namespaces of networks that a runtime made and whose containers are gone. */
export async function removeNetworks(before) {
  for (const name of await networks()) {
    if (!before.includes(name)) await run('ip', ['netns', 'delete', name]).catch(() => {});
  }
}

/** Returns the names of the network namespaces. */
export const networks = () => readdir('/run/netns').catch(() => []);
