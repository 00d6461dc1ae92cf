// A real Kubernetes control plane on the loopback, built by `build`: etcd and kube-apiserver and,
// where pods are to run, the controllers and the scheduler. Nodes are in `../node`.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { auditFlags } from './audit.mjs';
import { makeCertificates, writeKubeconfig } from './certificates.mjs';
import { freePorts, Program } from './program.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const run = promisify(execFile);
const outputMax = 64 << 20;

/** Builds what is not built yet and returns the directory of the programs. */
export async function build() {
  const { stdout } = await run(join(here, 'build'), { maxBuffer: outputMax });
  return stdout.trim();
}

/** Says why no cluster can run here, or nothing when one can. */
export async function missing() {
  for (const tool of ['go', 'openssl']) {
    const found = await run('sh', ['-c', `command -v ${tool}`]).catch(() => null);
    if (!found) return `${tool} is not installed`;
  }
}

/** A running control plane. */
export class Cluster {
  /**
   * @param {{
   *   dir?: string,
   *   logSizeMb?: number,
   *   webhook?: import('./audit.mjs').Webhook,
   *   controllers?: boolean,
   * }} options `dir` keeps everything and stays; without it a temporary one is made and removed.
   */
  static async start({ dir, logSizeMb, webhook, controllers } = {}) {
    const cluster = new Cluster();
    cluster.bin = await build();
    cluster.temporary = !dir;
    cluster.dir = dir ?? (await mkdtemp(join(tmpdir(), 'sockeye-cluster-')));
    cluster.auditDir = join(cluster.dir, 'audit');
    cluster.auditLog = join(cluster.auditDir, 'audit.log');
    cluster.kubeconfig = join(cluster.dir, 'kubeconfig');
    cluster.programs = [];
    try {
      await cluster.#prepare();
      await cluster.#startEtcd();
      await cluster.#startApiServer(
        await auditFlags(cluster.dir, { log: cluster.auditLog, logSizeMb, webhook }),
      );
      if (controllers) await cluster.#startControllers();
      else await cluster.#furnish();
    } catch (error) {
      await cluster.stop().catch(() => {});
      throw error;
    }
    return cluster;
  }

  async #prepare() {
    this.certificates = join(this.dir, 'certificates');
    await mkdir(this.certificates, { recursive: true, mode: 0o700 });
    await mkdir(this.auditDir, { recursive: true });
    const [client, peer, api] = await freePorts(3);
    this.etcdUrl = `http://127.0.0.1:${client}`;
    this.peerUrl = `http://127.0.0.1:${peer}`;
    this.server = `https://127.0.0.1:${api}`;
    await makeCertificates(this.certificates);
    await writeKubeconfig(this.kubeconfig, this.certificates, this.server);
  }

  async #startEtcd() {
    const etcd = this.#program('etcd', [
      `--data-dir=${join(this.dir, 'etcd')}`,
      `--listen-client-urls=${this.etcdUrl}`,
      `--advertise-client-urls=${this.etcdUrl}`,
      `--listen-peer-urls=${this.peerUrl}`,
      '--quota-backend-bytes=8589934592',
      '--unsafe-no-fsync',
      '--log-level=warn',
    ]);
    await etcd.ready(async () => (await fetch(`${this.etcdUrl}/health`)).ok);
  }

  async #startApiServer(audit) {
    const at = (name) => join(this.certificates, name);
    const apiserver = this.#program('kube-apiserver', [
      `--etcd-servers=${this.etcdUrl}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${new URL(this.server).port}`,
      '--endpoint-reconciler-type=none',
      '--service-cluster-ip-range=10.0.0.0/16',
      `--tls-cert-file=${at('apiserver.crt')}`,
      `--tls-private-key-file=${at('apiserver.key')}`,
      `--client-ca-file=${at('ca.crt')}`,
      `--service-account-key-file=${at('service-account.pub')}`,
      `--service-account-signing-key-file=${at('service-account.key')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      '--allow-privileged',
      '--kubelet-preferred-address-types=InternalIP',
      `--kubelet-client-certificate=${at('admin.crt')}`,
      `--kubelet-client-key=${at('admin.key')}`,
      ...audit,
    ]);
    await apiserver.ready(async () => (await this.kubectl('get', '--raw', '/readyz')) === 'ok');
  }

  async #startControllers() {
    const at = (name) => join(this.certificates, name);
    this.#program('kube-controller-manager', [
      `--kubeconfig=${await this.kubeconfigOf('controller-manager')}`,
      `--root-ca-file=${at('ca.crt')}`,
      `--service-account-private-key-file=${at('service-account.key')}`,
      `--cluster-signing-cert-file=${at('ca.crt')}`,
      `--cluster-signing-key-file=${at('ca.key')}`,
      '--use-service-account-credentials',
      '--leader-elect=false',
      '--secure-port=0',
    ]);
    const scheduler = this.#program('kube-scheduler', [
      `--kubeconfig=${await this.kubeconfigOf('scheduler')}`,
      '--leader-elect=false',
      '--secure-port=0',
    ]);
    // Every pod needs its account and the authority's certificate.
    const needed = ['get', 'serviceaccount/default', 'configmap/kube-root-ca.crt'];
    await scheduler.ready(() => this.kubectl(...needed));
  }

  /** Writes a kubeconfig that stands on one context, for a program that cannot choose. */
  async kubeconfigOf(context) {
    const config = JSON.parse(await readFile(this.kubeconfig, 'utf8'));
    const path = join(this.dir, `${context}.kubeconfig`);
    const text = JSON.stringify({ ...config, 'current-context': context });
    await writeFile(path, text, { mode: 0o600 });
    return path;
  }

  /** Writes a kubeconfig of whoever shows a token; `server` may be another than the true one. */
  async kubeconfigWith(name, token, server = this.server) {
    const { clusters } = JSON.parse(await readFile(this.kubeconfig, 'utf8'));
    const [{ cluster }] = clusters;
    const path = join(this.dir, `${name}.kubeconfig`);
    await writeFile(path, JSON.stringify({
      'current-context': name,
      clusters: [{ name, cluster: { ...cluster, server } }],
      users: [{ name, user: { token } }],
      contexts: [{ name, context: { cluster: name, user: name } }],
    }), { mode: 0o600 });
    return path;
  }

  // Without a controller manager nothing makes the account that every pod needs.
  async #furnish() {
    for (const namespace of ['default', 'kube-system']) {
      await this.kubectl('create', 'serviceaccount', 'default', '--namespace', namespace);
    }
  }

  #program(name, args) {
    const log = join(this.dir, `${name}.log`);
    const program = new Program(name, join(this.bin, name), args, { log });
    this.programs.unshift(program);
    return program;
  }

  /** Runs kubectl as the administrator and returns what it printed. */
  async kubectl(...args) {
    return (await this.attempt('admin', ...args)).stdout;
  }

  /** Runs kubectl as one of the kubeconfig's users; a refusal is an error with its `stderr`. */
  attempt(user, ...args) {
    return this.#attempt('', user, args);
  }

  /** Creates an object from its description. */
  async create(object) {
    const { stdout } = await this.#attempt(JSON.stringify(object), 'admin', [
      'create', '--filename=-',
    ]);
    return stdout;
  }

  #attempt(input, user, args) {
    const common = [`--kubeconfig=${this.kubeconfig}`, `--context=${user}`];
    const env = { ...process.env, HOME: this.dir, KUBECACHEDIR: join(this.dir, 'cache') };
    const options = { env, maxBuffer: outputMax };
    const answer = run(join(this.bin, 'kubectl'), [...common, ...args], options);
    answer.child.stdin.end(input);
    return answer;
  }

  /** Asks the API server without showing who asks, as no kubectl does; returns the status. */
  async askAnonymously(path) {
    const ca = await readFile(join(this.certificates, 'ca.crt'));
    const [answer] = await once(get(this.server + path, { ca }), 'response');
    answer.resume();
    await once(answer, 'end');
    return answer.statusCode;
  }

  /** Sends the everyday traffic of a cluster; options are those of `load`. */
  async load(options) {
    const flags = Object.entries(options).map(([name, value]) => `-${name}=${value}`);
    const common = [`-kubeconfig=${this.kubeconfig}`, `-audit-dir=${this.auditDir}`];
    return run(join(this.bin, 'load'), [...common, ...flags]);
  }

  /** Returns the audit log's files, oldest first. */
  async auditFiles() {
    const names = (await readdir(this.auditDir)).filter((name) => name !== 'audit.log').sort();
    const files = [...names, 'audit.log'].map((name) => join(this.auditDir, name));
    return Promise.all(files.map(async (path) => ({ path, bytes: (await stat(path)).size })));
  }

  /** Ends every program, last started first, and removes what was temporary. */
  async stop() {
    try {
      for (const program of this.programs) await program.stop();
    } finally {
      if (this.temporary) await rm(this.dir, { recursive: true, force: true });
    }
  }
}
