// The ordinary life of a node: services with probes, jobs by the clock, rollouts, people who look,
// and a host that keeps itself up to date. Nobody attacks.

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import { images } from '../node/image.mjs';

const run = promisify(execFile);
const image = images.shop.name;
const shell = (script) => ['/bin/sh', '-c', script];

const container = (name, script, more = {}) => ({
  name, image, imagePullPolicy: 'Never', command: shell(script), ...more,
});

const every = (seconds, command) => ({ exec: { command }, periodSeconds: seconds });

/** A server of one line a request, in what a Debian has. */
const server = `exec perl -MIO::Socket::INET -e '
  my $s = IO::Socket::INET->new(LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die;
  while (my $c = $s->accept) {
    my $l = <$c>; print $c "HTTP/1.0 200 OK\\r\\n\\r\\nok\\n"; close $c;
  }'`;

const service = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'store' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        terminationGracePeriodSeconds: 1,
        initContainers: [
          container('settings', 'cp /etc/hostname /data/name; chmod 644 /data/name', {
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          }),
        ],
        containers: [
          container('web', server, {
            readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 2 },
            livenessProbe: every(3, ['cat', '/data/name']),
            volumeMounts: [
              { name: 'data', mountPath: '/data' },
              { name: 'settings', mountPath: '/etc/web' },
              { name: 'key', mountPath: '/etc/web-key' },
            ],
            resources: { limits: { memory: '64Mi' } },
          }),
          container('logs', 'while :; do date; echo "GET / 200"; sleep 1; done', {
            livenessProbe: every(5, shell('test -f /etc/hostname && ls /data >/dev/null')),
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          }),
        ],
        volumes: [
          { name: 'data', emptyDir: {} },
          { name: 'settings', configMap: { name: 'web' } },
          { name: 'key', secret: { secretName: 'web' } },
        ],
      },
    },
  },
};

const nightly = {
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'backup', namespace: 'store' },
  spec: {
    schedule: '* * * * *',
    successfulJobsHistoryLimit: 1,
    jobTemplate: {
      spec: {
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [
              container('backup', [
                'set -e; mkdir -p /var/tmp/work; cd /var/tmp/work',
                'tar czf list.tar.gz /etc/hostname /etc/os-release; gzip -t list.tar.gz',
                'find /var -name "*.log" | sort | sed s/^/log:/ >list; grep -c log list || true',
                'awk "{print NR}" list; rm -r /var/tmp/work; mktemp; date -R; id; df; du -s /etc',
              ].join('; ')),
            ],
          },
        },
      },
    },
  },
};

/** Others may be at work too. */
const apt = (...args) => run('apt-get', ['--quiet', '--option=DPkg::Lock::Timeout=120', ...args]);

/** What a person at the cluster does, and what the host does by itself, each now and then. */
const acts = [
  (kubectl) => kubectl('get', 'pods', '--all-namespaces', '--output=wide'),
  (kubectl) => kubectl('describe', 'deployment', 'web', '--namespace=store'),
  (kubectl) => kubectl('logs', 'deployment/web', '--container=logs', '--namespace=store'),
  (kubectl) => kubectl('exec', 'deployment/web', '--namespace=store', '--', 'ls', '/data'),
  (kubectl) => kubectl('rollout', 'restart', 'deployment/web', '--namespace=store'),
  (kubectl) => kubectl('scale', 'deployment/web', '--replicas=3', '--namespace=store'),
  (kubectl) => kubectl('scale', 'deployment/web', '--replicas=2', '--namespace=store'),
  () => apt('update'),
  () => apt('install', '--reinstall', '--yes', 'hostname'),
  () => run('dpkg', ['--verify', 'coreutils']).catch(() => {}),
  () => builds(),
  () => run('sh', ['-c', 'ps aux; ss -ltn; df; uptime; last; getent passwd root; id']),
  () => run('logrotate', ['--debug', '/etc/logrotate.conf']).catch(() => {}),
];

/** Somebody writes and builds a program on the host. */
async function builds() {
  const dir = await mkdtemp(join(tmpdir(), 'sockeye-build-'));
  const script = `
    cd ${dir}; git init --quiet; printf 'int main(void) { return 0; }' >main.c
    printf 'main: main.c\\n\\tcc -o main main.c\\n' >Makefile; make --silent; ./main
    git add .; git -c user.name=Ada -c user.email=ada@example.com commit --quiet -m First; git gc -q
    ssh-keygen -q -t ed25519 -N '' -f key; tar cf all.tar .; strip main`;
  await run('sh', ['-c', script]);
  await rm(dir, { recursive: true });
}

/** Starts what runs on an ordinary node. */
export async function furnish(node) {
  const { cluster } = node;
  await cluster.kubectl('create', 'namespace', 'store');
  const needed = ['get', 'serviceaccount/default', 'configmap/kube-root-ca.crt'];
  await node.kubelet.ready(() => cluster.kubectl('--namespace=store', ...needed));
  const named = ['web', '--namespace=store'];
  await cluster.kubectl('create', 'configmap', ...named, '--from-literal=colour=blue');
  await cluster.kubectl('create', 'secret', 'generic', ...named, '--from-literal=key=e2e');
  await cluster.create(service);
  await cluster.create(nightly);
  await settled(cluster);
}

const settled = (cluster) =>
  cluster.kubectl('rollout', 'status', 'deployment/web', '--namespace=store', '--timeout=180s');

/** Lives for so long; returns how many things were done. */
export async function live(node, seconds) {
  const end = Date.now() + seconds * 1000;
  let done = 0;
  do {
    for (const act of acts) {
      await act((...args) => node.cluster.kubectl(...args));
      done++;
      await delay(Math.min(2000, Math.max(0, end - Date.now())));
    }
    await settled(node.cluster);
  } while (Date.now() < end);
  return done;
}
