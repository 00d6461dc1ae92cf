// A node that joins the test cluster: containerd, controllers, scheduler and kubelet. Pods run.

import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, readlink, rmdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import { Cluster, missing as missingCluster } from '../cluster/cluster.mjs';
import { Containerd, missing as missingContainerd, networks, removeNetworks, unmountBelow }
  from './containerd.mjs';
import { Program } from '../cluster/program.mjs';

const run = promisify(execFile);
/** Where containerd, podman and Docker put the cgroups of their containers. */
const parents = ['default', 'libpod_parent', 'docker'];
const links = '/var/log/containers';

/** Says why no node can run here, or nothing when one can. */
export async function missing() {
  return (await missingContainerd()) ?? (await missingCluster());
}

/** A bridge of our own with an address: a kubelet refuses the loopback. */
export class Bridge {
  static async start() {
    const bridge = new Bridge();
    const { pid } = process;
    const prefix = `10.${200 + ((pid >> 8) % 50)}.${pid % 256}`;
    bridge.bridge = `sockeye${pid % 10_000_000}`;
    bridge.address = `${prefix}.1`;
    bridge.subnet = `${prefix}.0/24`;
    await run('ip', ['link', 'add', bridge.bridge, 'type', 'bridge']);
    await run('ip', ['address', 'add', `${bridge.address}/24`, 'dev', bridge.bridge]);
    await run('ip', ['link', 'set', bridge.bridge, 'up']);
    return bridge;
  }

  stop() {
    return run('ip', ['link', 'delete', this.bridge]);
  }
}

/** A running node with its cluster. */
export class Node {
  /**
   * @param {{
   *   dir: string,
   *   logSizeMb?: number,
   *   webhook?: import('../cluster/audit.mjs').Webhook,
   * }} options `dir` keeps everything and stays.
   */
  static async start({ dir, ...options }) {
    const node = new Node();
    node.dir = dir;
    node.name = 'node-1';
    node.networks = await networks();
    // A kubelet ends whatever it finds below its own root and does not know.
    node.cgroup = `sockeye-${process.pid}`;
    try {
      for (const tree of await trees()) await mkdir(join(tree, node.cgroup), { recursive: true });
      node.bridge = await Bridge.start();
      [node.containerd, node.cluster] = await Promise.all([
        Containerd.start(dir, node.bridge),
        Cluster.start({ dir, ...options, controllers: true }),
      ]);
      await node.#startKubelet();
    } catch (error) {
      await node.stop().catch(() => {});
      throw error;
    }
    return node;
  }

  async #startKubelet() {
    const at = (...names) => join(this.dir, 'kubelet', ...names);
    const { cluster, bridge, containerd } = this;
    await mkdir(at('manifests'), { recursive: true });
    await writeFile(at('resolv.conf'), 'nameserver 127.0.0.1\n');
    await writeFile(at('config.json'), JSON.stringify({
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      address: bridge.address,
      healthzPort: 0,
      containerRuntimeEndpoint: `unix://${containerd.socket}`,
      authentication: { x509: { clientCAFile: join(cluster.certificates, 'ca.crt') } },
      cgroupDriver: 'cgroupfs',
      cgroupRoot: `/${this.cgroup}`,
      failCgroupV1: false,
      failSwapOn: false,
      enforceNodeAllocatable: [],
      localStorageCapacityIsolation: false,
      makeIPTablesUtilChains: false,
      imageGCHighThresholdPercent: 100,
      evictionHard: {},
      volumePluginDir: at('plugins'),
      podLogsDir: at('logs'),
      resolvConf: at('resolv.conf'),
      logging: { verbosity: 1 },
    }));
    this.kubelet = new Program('kubelet', join(cluster.bin, 'kubelet'), [
      `--config=${at('config.json')}`,
      `--kubeconfig=${await cluster.kubeconfigOf('node')}`,
      `--root-dir=${at('root')}`,
      `--cert-dir=${at('pki')}`,
      `--hostname-override=${this.name}`,
      `--node-ip=${bridge.address}`,
    ], { log: at('kubelet.log') });
    await this.kubelet.ready(async () => {
      const path = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}';
      return (await cluster.kubectl('get', 'node', this.name, '-o', path)) === 'True';
    });
    // New nodes are closed until the controllers have seen them.
    await this.kubelet.ready(async () => {
      const path = 'jsonpath={.spec.taints}';
      return (await cluster.kubectl('get', 'node', this.name, '-o', path)) === '';
    });
  }

  /** Everything that runs beside the control plane. */
  get programs() {
    return [this.containerd.program, this.kubelet];
  }

  /** Creates a pod and waits until it runs. */
  async pod(pod) {
    await this.cluster.create(pod);
    const { name, namespace = 'default' } = pod.metadata;
    await this.cluster.kubectl(
      'wait', '--for=condition=Ready', `pod/${name}`, '--namespace', namespace, '--timeout=120s',
    );
  }

  /** Ends pods, kubelet, runtimes and cluster, and takes away what they made on the machine. */
  async stop() {
    const failures = [];
    const attempt = (step) => step().catch((error) => failures.push(error));
    if (this.kubelet?.running) {
      const all = ['--all', '--all-namespaces', '--grace-period=1', '--timeout=30s'];
      await attempt(() => this.cluster.kubectl('delete', 'deployments,cronjobs,jobs', ...all));
      await attempt(() => this.cluster.kubectl('delete', 'pods', ...all));
    }
    await attempt(async () => this.kubelet?.stop());
    await attempt(async () => this.docker?.stop());
    await attempt(async () => this.containerd?.stop());
    await attempt(async () => this.cluster?.stop());
    await attempt(() => removeNetworks(this.networks ?? []));
    await attempt(() => unmountBelow(this.dir));
    await attempt(async () => this.bridge?.stop());
    await attempt(() => removeCgroups([this.cgroup]));
    // These may be in use by others.
    await removeCgroups(parents).catch(() => {});
    await attempt(() => this.#removeLinks());
    if (failures.length > 0) throw new AggregateError(failures, 'the node left something behind');
  }

  // A kubelet links its containers' logs in a folder that cannot be chosen.
  async #removeLinks() {
    for (const name of await readdir(links).catch(() => [])) {
      const to = await readlink(join(links, name)).catch(() => '');
      if (to.startsWith(this.dir)) await unlink(join(links, name));
    }
    await rmdir(links).catch(() => {});
  }
}

/** Returns the trees of cgroups: one, or one a controller. */
async function trees() {
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  const lines = table.split('\n').filter((line) => / - cgroup2? /.test(line));
  return lines.map((line) => line.split(' ')[4]);
}

/** Removes cgroups of these names, from the innermost to the outermost. */
async function removeCgroups(names) {
  const tops = (await trees()).flatMap((tree) => names.map((name) => join(tree, name)));
  for (let tries = 0; ; tries++) {
    const left = [];
    for (const top of tops) {
      const { stdout } = await run('find', [top, '-depth', '-type', 'd']).catch(() => ({}));
      for (const dir of (stdout ?? '').split('\n').filter(Boolean)) {
        await rmdir(dir).catch((error) => error.code === 'ENOENT' || left.push(dir));
      }
    }
    if (left.length === 0) return;
    if (tries > 20) throw new Error(`cgroups are still in use: ${left.join(' ')}`);
    await delay(100);
  }
}
