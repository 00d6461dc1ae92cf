// A container that a test acts in, made by runc, by containerd, by podman, by Docker or by a
// kubelet. Each tells what a sensor should know of it.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { Docker, missing as missingDocker, network } from './docker.mjs';
import { debian, images } from './image.mjs';
import { unmountBelow } from './containerd.mjs';

const run = promisify(execFile);
const image = images.shop.name;
const [repository, tag] = [image.slice(0, image.lastIndexOf(':')), image.split(':').at(-1)];

const capability = (name) => `CAP_SYS_${name}`;

/** What every way shares. */
class Box {
  /** Makes ready what all boxes of a way need. */
  static async prepare() {}

  constructor(node, name, { privileged = false } = {}) {
    Object.assign(this, { node, name, privileged });
  }

  /** Runs a script in it; with a terminal as somebody at a keyboard would. */
  async run(script, { terminal = false } = {}) {
    const command = [...this.enter(terminal), '/bin/sh', '-c', script];
    if (!terminal) return run(command[0], command.slice(1));
    // `script` lends a terminal to a program that has none.
    const line = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    const lender = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const [code] = await once(lender, 'exit');
    if (code !== 0) throw new Error(`${line} ended with ${code}`);
  }

  /** Gives the container's own network an address, which leads nowhere else. */
  async own(address) {
    const network = ['--target', await this.pid(), '--net'];
    await run('nsenter', [...network, 'ip', 'address', 'add', `${address}/32`, 'dev', 'lo']);
  }
}

/** By runc alone, on a writable layer above a Debian. */
export class RuncBox extends Box {
  static async prepare(node) {
    node.image = join(node.dir, 'image');
    await mkdir(node.image, { recursive: true });
    await run('tar', ['-xf', await debian(), '-C', node.image]);
  }

  async start() {
    const dir = join(this.node.dir, this.name);
    const at = (name) => join(dir, name);
    this.dir = dir;
    for (const name of ['upper', 'work', 'rootfs']) await mkdir(at(name), { recursive: true });
    const layers = `lowerdir=${this.node.image},upperdir=${at('upper')},workdir=${at('work')}`;
    await run('mount', ['-t', 'overlay', 'overlay', '-o', layers, at('rootfs')]);
    await run('runc', ['spec'], { cwd: dir });
    const spec = JSON.parse(await readFile(at('config.json'), 'utf8'));
    spec.process.terminal = false;
    spec.process.args = images.shop.command;
    spec.root.readonly = false;
    // A machine that may not raise limits may not set them either.
    spec.process.rlimits = [];
    if (this.privileged) {
      const { capabilities } = spec.process;
      const all = [...capabilities.effective, ...['ADMIN', 'CHROOT', 'PTRACE'].map(capability)];
      for (const name of Object.keys(capabilities)) capabilities[name] = all;
      spec.linux.maskedPaths = [];
      spec.linux.readonlyPaths = [];
    }
    await writeFile(at('config.json'), JSON.stringify(spec));
    const runc = spawn('runc', ['run', '--detach', this.name], { cwd: dir, stdio: 'ignore' });
    const [code] = await once(runc, 'exit');
    if (code !== 0) throw new Error(`runc run ended with ${code}`);
    return this;
  }

  enter(terminal) {
    return ['runc', 'exec', ...(terminal ? ['--tty'] : []), this.name];
  }

  async pid() {
    return JSON.parse((await run('runc', ['state', this.name])).stdout).pid;
  }

  async facts() {
    const { name } = this;
    return { 'container.full_id': name, 'container.name': name, 'container.type': 'runc' };
  }

  async stop() {
    await run('runc', ['delete', '--force', this.name]);
    await unmountBelow(this.dir);
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** By containerd, without Kubernetes. */
export class ContainerdBox extends Box {
  async start() {
    const flags = this.privileged ? ['--privileged'] : [];
    const labels = ['--label', 'tier=front'];
    await this.#ctr('run', '--detach', ...flags, ...labels, image, this.name);
    return this;
  }

  #ctr(...args) {
    return this.node.containerd.ctr(...args);
  }

  enter(terminal) {
    this.count = (this.count ?? 0) + 1;
    return [
      'ctr', '--address', this.node.containerd.socket, 'tasks', 'exec',
      '--exec-id', `${this.name}-${this.count}`, ...(terminal ? ['--tty'] : []), this.name,
    ];
  }

  async pid() {
    const line = (await this.#ctr('tasks', 'list')).split('\n').find((task) =>
      task.startsWith(`${this.name} `));
    return line.split(/\s+/)[1];
  }

  async facts() {
    return {
      'container.full_id': this.name,
      'container.name': this.name,
      'container.type': 'containerd',
      'container.image.repository': repository,
      'container.image.tag': tag,
      'container.image.digest': this.node.containerd.digests.shop,
      'container.label[tier]': 'front',
    };
  }

  async stop() {
    await this.#ctr('tasks', 'delete', '--force', this.name);
    await this.#ctr('containers', 'delete', this.name);
  }
}

/** By an engine that is called as Docker is: `command` says where it is found. */
class EngineBox extends Box {
  network = 'none';

  async engine(...args) {
    const [program, ...common] = this.command;
    return (await run(program, [...common, ...args])).stdout.trim();
  }

  async start() {
    // Its own limits are beyond those of a machine that may not raise them.
    const limits = ['nofile', 'nproc'].flatMap((name) => ['--ulimit', `${name}=1024:1024`]);
    this.id = await this.engine(
      'run', '--detach', '--name', this.name, '--label', 'tier=front', '--network', this.network,
      ...limits, '--oom-score-adj', '0', ...(this.privileged ? ['--privileged'] : []),
      image, ...images.shop.command,
    );
    return this;
  }

  enter(terminal) {
    const flags = terminal ? ['--interactive', '--tty'] : [];
    return [...this.command, 'exec', ...flags, this.name];
  }

  pid() {
    return this.engine('inspect', '--format', '{{.State.Pid}}', this.name);
  }

  async facts() {
    return {
      'container.full_id': this.id,
      'container.name': this.name,
      'container.image.repository': repository,
      'container.image.tag': tag,
      'container.label[tier]': 'front',
    };
  }

  async stop() {
    await this.engine('rm', '--force', this.name);
  }
}

/** By podman, with a store of its own. */
export class PodmanBox extends EngineBox {
  static async missing() {
    const found = await run('sh', ['-c', 'command -v podman']).catch(() => null);
    return found ? undefined : 'podman is not installed';
  }

  static async prepare(node) {
    await new PodmanBox(node).engine('import', await debian(), image);
  }

  get command() {
    const at = (name) => join(this.node.dir, 'podman', name);
    return [
      'podman', '--root', at('root'), '--runroot', at('run'), '--tmpdir', at('tmp'),
      '--storage-driver', 'overlay', '--cgroup-manager', 'cgroupfs', '--runtime', 'runc',
      '--events-backend', 'none',
    ];
  }

  async facts() {
    const digest = await this.engine('image', 'inspect', '--format', '{{.Digest}}', image);
    return {
      ...(await super.facts()),
      'container.type': 'podman',
      'container.image.digest': digest,
    };
  }

  async stop() {
    await this.engine('rm', '--force', '--time', '0', this.name);
  }
}

/** By Docker, with a daemon of its own. */
export class DockerBox extends EngineBox {
  network = network;

  static missing() {
    return missingDocker();
  }

  static async prepare(node) {
    node.docker ??= await Docker.start(node.dir);
  }

  get command() {
    return this.node.docker.command;
  }

  async facts() {
    const id = await this.engine('inspect', '--format', '{{.Image}}', this.name);
    const address = `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`;
    return {
      ...(await super.facts()),
      'container.type': 'docker',
      'container.image.id': id.replace('sha256:', '').slice(0, 12),
      'container.ip': await this.engine('inspect', '--format', address, this.name),
    };
  }
}

/** By a kubelet: a container of a pod. */
export class PodBox extends Box {
  namespace = 'store';

  async start() {
    await this.settle();
    const { privileged } = this;
    await this.node.pod({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: this.name,
        namespace: this.namespace,
        labels: { app: this.name },
        annotations: { 'example.com/owner': 'grace' },
      },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          { name: 'shop', image, imagePullPolicy: 'Never', securityContext: { privileged } },
        ],
      },
    });
    return this;
  }

  /** Makes the namespace with what every pod in it needs. */
  async settle() {
    const { cluster } = this.node;
    await cluster.kubectl('create', 'namespace', this.namespace).catch((error) => {
      if (!error.stderr.includes('AlreadyExists')) throw error;
    });
    // The controllers make a namespace's account a moment later.
    const needed = ['get', 'serviceaccount/default', 'configmap/kube-root-ca.crt'];
    await this.node.kubelet.ready(() => cluster.kubectl('-n', this.namespace, ...needed));
  }

  enter(terminal) {
    const { cluster } = this.node;
    return [
      join(cluster.bin, 'kubectl'), `--kubeconfig=${cluster.kubeconfig}`, '--context=admin',
      'exec', ...(terminal ? ['--stdin', '--tty'] : []), '--namespace', this.namespace, this.name,
      '--',
    ];
  }

  async #status() {
    const path = ['get', 'pod', this.name, '--namespace', this.namespace, '--output=json'];
    return JSON.parse(await this.node.cluster.kubectl(...path));
  }

  async #id() {
    const { status } = await this.#status();
    return status.containerStatuses[0].containerID.replace('containerd://', '');
  }

  async pid() {
    const tasks = await this.node.containerd.ctr('--namespace', 'k8s.io', 'tasks', 'list');
    const id = await this.#id();
    return tasks.split('\n').find((task) => task.startsWith(id)).split(/\s+/)[1];
  }

  async facts() {
    const { metadata, status } = await this.#status();
    return {
      'container.full_id': await this.#id(),
      'container.name': 'shop',
      'container.type': 'containerd',
      'container.image.repository': repository,
      'container.image.tag': tag,
      'container.image.digest': this.node.containerd.digests.shop,
      'container.ip': status.podIP,
      'k8s.ns.name': this.namespace,
      'k8s.pod.name': this.name,
      'k8s.pod.uid': metadata.uid,
      'k8s.pod.label[app]': this.name,
      'k8s.pod.annotation[example.com/owner]': 'grace',
    };
  }

  async stop() {
    const grace = ['--grace-period=0', '--force', '--wait=true'];
    const { cluster } = this.node;
    await cluster.kubectl('delete', 'pod', this.name, '--namespace', this.namespace, ...grace);
  }
}

/** By a deployment: a container of the one pod that it wants. */
export class DeployedBox extends PodBox {
  async start() {
    await this.settle();
    const { cluster } = this.node;
    this.deployment = this.name;
    const labels = { app: this.deployment };
    await cluster.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: this.deployment, namespace: this.namespace },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels: { ...labels, tier: 'front' } },
          spec: {
            terminationGracePeriodSeconds: 0,
            containers: [{ name: 'shop', image, imagePullPolicy: 'Never' }],
          },
        },
      },
    });
    const within = ['--namespace', this.namespace];
    const path = [`deployment/${this.deployment}`, '--timeout=120s'];
    await cluster.kubectl('rollout', 'status', ...within, ...path);
    const app = `--selector=app=${this.deployment}`;
    const first = '--output=jsonpath={.items[0].metadata.name}';
    this.name = await cluster.kubectl('get', 'pods', ...within, app, first);
    return this;
  }

  /** Gives its pod a label. */
  label(label) {
    const path = ['label', 'pod', this.name, '--namespace', this.namespace];
    return this.node.cluster.kubectl(...path, '--overwrite', label);
  }

  async stop() {
    const within = ['--namespace', this.namespace];
    await this.node.cluster.kubectl('delete', 'deployment', this.deployment, ...within);
  }
}
