// What happens in containers, seen by the kernel: the same attacks in containers of runc,
// containerd, podman and Docker and in a pod, and the rules that must tell of them.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import {
  ContainerdBox, DeployedBox, DockerBox, PodBox, PodmanBox, RuncBox,
} from '../node/box.mjs';
import { missing, Node } from '../node/node.mjs';
import { attacks, outside } from './attacks.mjs';
import { Server, until } from './sockeye.mjs';
import { Watch } from './watch.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const roles = join(here, '..', '..', 'deploy', 'kubernetes', 'agent-rbac.yaml');
const ours = join(here, '..', '..', 'rules', 'syscall');
const published = process.env.SOCKEYE_FALCO_RULES;
const mark = 'Marked';

const reason = await missing();
const without = { podman: await PodmanBox.missing(), docker: await DockerBox.missing() };
const lacking = reason ?? without.podman ?? without.docker;
if (lacking && process.env.E2E_REQUIRED) throw new Error(lacking);

describe('containers, seen by the kernel', { skip: reason ?? false }, () => {
  let dir, node;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sockeye-live-'));
    node = await Node.start({ dir });
  });

  after(async () => {
    await node?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const sets = [{ name: 'our rules', rules: async () => [ours], which: 'ours' }];
  if (published) {
    const rules = async () => (await publishedFiles()).map((name) => join(published, name));
    sets.push({ name: 'published rules', rules, which: 'published' });
  }
  const ways = {
    runc: RuncBox, containerd: ContainerdBox, podman: PodmanBox, docker: DockerBox, pod: PodBox,
  };
  for (const [way, Box] of Object.entries(ways)) {
    for (const { name, rules, which } of sets) {
      const skip = without[way];
      suite(`${name}, ${way}`, { Box, rules, which, inPod: way === 'pod', skip }, () => node);
    }
  }
  describe('what the Kubernetes API tells', () => clusterTells(() => node));
  describe('a server on the node', () => serverTells(() => node));
});

/** Those that others build upon come first. */
async function publishedFiles() {
  const names = (await readdir(published)).filter((name) => name.endsWith('.yaml'));
  return names.sort((one, other) => one.length - other.length);
}

function suite(name, { Box, rules, which, inPod, skip }, node) {
  describe(name, { skip: skip ?? false }, () => {
    let watch, attacked, quiet, privileged, count = 0;
    const boxes = () => [attacked, quiet, privileged].filter(Boolean);

    before(async () => {
      await Box.prepare(node());
      watch = await Watch.start(node().dir, which, [...(await rules()), join(here, 'mark.yaml')]);
      const make = async (name, options) => {
        const box = await new Box(node(), `${which}-${name}`, options).start();
        await box.own(outside);
        box.id = (await box.facts())['container.full_id'];
        return box;
      };
      quiet = await make('quiet');
      attacked = await make('attacked');
      privileged = await make('privileged', { privileged: true });
    });

    after(async () => {
      for (const box of boxes()) await box.stop();
      await watch?.stop();
    });

    /** Acts in a container and returns its alerts up to a mark. */
    async function alertsOf(box, script, options) {
      const word = `sockeye-mark-${++count}`;
      const from = watch.alerts.length;
      await box.run(`${script}; /bin/echo ${word} >/dev/null`, options);
      const ofBox = ({ subject }) => subject.container === box.id;
      const told = () => watch.alerts.slice(from).filter(ofBox);
      await until(`${word} is told of`, async () =>
        told().some(({ rule, output }) => rule === mark && output.includes(word)));
      return told();
    }

    test('who acted is told in full', async () => {
      const [{ output_fields: fields, subject }] = await alertsOf(attacked, 'true');
      const told = Object.fromEntries(
        Object.entries(await attacked.facts()).map(([field]) => [field, fields[field]]),
      );
      assert.deepEqual(told, await attacked.facts());
      assert.equal(fields['container.id'], attacked.id.slice(0, 12));
      assert.equal(fields['container.privileged'], false);
      assert.equal(fields['user.name'], 'root');
      assert.equal(fields['proc.pname'], 'sh');
      assert.equal(subject.principal, 'root');
      assert.equal(subject.process, 'echo');
      if (inPod) assert.deepEqual([subject.namespace, subject.pod], ['store', attacked.name]);
    });

    test('a privileged container is told of when it starts', () => {
      const rules = watch.of(privileged.id).map(({ rule }) => rule);
      assert.ok(rules.includes('Launch Privileged Container'), rules.join(', '));
    });

    for (const [what, attack] of Object.entries(attacks)) {
      const more = which === 'ours' && inPod ? attack.inPods : [];
      const expected = [...(attack[which] ?? []), ...(more ?? [])];
      if (expected.length === 0) continue;
      test(what, async () => {
        const box = attack.privileged ? privileged : attacked;
        const { terminal } = attack;
        const told = await alertsOf(box, attack.script, { terminal });
        const seen = new Set(told.map(({ rule }) => rule));
        assert.deepEqual(expected.filter((rule) => !seen.has(rule)), [], [...seen].join(', '));
      });
    }

    test('nothing is told of a quiet container', async () => {
      const told = await alertsOf(quiet, 'cat /etc/hostname; ls /; date; sleep 1; id');
      const rules = watch.of(quiet.id).map(({ rule, output }) => rule === mark ? mark : output);
      assert.deepEqual(rules, [mark], told.map(({ output }) => output).join('\n'));
    });

    test('what was lost is counted', async (t) => {
      const { lost, lost_calls: calls, seen } = await watch.stop();
      const count = lost.ring_full + lost.no_slot;
      assert.equal(Object.values(calls).reduce((sum, one) => sum + one, 0), count);
      assert.ok(seen > count, `${count} of ${seen} records were lost`);
      t.diagnostic(`${count} of ${seen} records were lost`);
    });
  });
}

function clusterTells(node) {
  const nowhere = 'https://127.0.0.1:1';
  let watch, box, token, count = 0;

  const start = async (name, server) => {
    const config = await node().cluster.kubeconfigWith(name, token, server);
    const flags = ['--kubeconfig', config, '--kubernetes-node', node().name];
    return Watch.start(node().dir, name, [join(here, 'mark.yaml')], flags);
  };

  /** Acts in the pod, and returns the alert of it. */
  const told = async () => {
    const word = `sockeye-mark-${++count}-api`;
    await box.run(`/bin/echo ${word} >/dev/null`);
    return until(`${word} is told of`, async () =>
      watch.alerts.find(({ output }) => output.includes(`${word} `)));
  };

  before(async () => {
    const { cluster } = node();
    await cluster.kubectl('apply', '--filename', roles);
    token = await cluster.kubectl('create', 'token', 'sockeye-agent', '--namespace', 'sockeye');
    box = await new DeployedBox(node(), 'front').start();
    watch = await start('sockeye-agent');
  });

  after(async () => {
    await box?.stop();
    await watch?.stop();
  });

  test('what owns a pod, and what it runs as', async () => {
    const { output_fields: fields, subject } = await until('its owners are told', async () => {
      const alert = await told();
      return alert.subject.workload && alert;
    });
    assert.equal(subject.workload, 'deployments/front');
    assert.equal(fields['k8s.workload'], 'deployments/front');
    assert.equal(fields['k8s.deployment.name'], 'front');
    assert.equal(fields['k8s.rs.name'], box.name.split('-').slice(0, -1).join('-'));
    assert.equal(fields['k8s.sa.name'], 'default');
    assert.equal(fields['k8s.ns.label[kubernetes.io/metadata.name]'], box.namespace);
    assert.equal(fields['k8s.pod.label[tier]'], 'front');
  });

  test('a label that changes while the pod runs', async () => {
    await box.label('tier=back');
    await until('the new label is told', async () => {
      const { output_fields: fields } = await told();
      return fields['k8s.pod.label[tier]'] === 'back';
    });
    const { blind } = await watch.stop();
    assert.deepEqual(blind.filter((text) => text.startsWith('kubernetes')), []);
  });

  test('without an answer, what the runtime told, and the reason', async () => {
    watch = await start('nowhere', nowhere);
    const { output_fields: fields, subject } = await told();
    assert.equal(fields['k8s.pod.label[tier]'], 'front');
    assert.deepEqual([fields['k8s.deployment.name'], subject.workload], [null, undefined]);
    const { blind } = await watch.stop();
    assert.match(blind.join('\n'), /kubernetes: .* cannot reach 127\.0\.0\.1:1/);
  });
}

function serverTells(node) {
  let server, feed, box;

  before(async () => {
    const dir = join(node().dir, 'server');
    await mkdir(dir);
    server = await Server.prepare(dir, { sensor: 'on' });
    await server.start();
    await server.signIn();
    feed = server.feed();
    box = await new PodBox(node(), 'victim').start();
  });

  after(async () => {
    feed?.close();
    await box?.stop();
    await server?.stop();
  });

  test('an attack in a pod is on the feed, a finding, and in the trail', async () => {
    const rule = 'Program that is not in the image';
    await box.run('cp /bin/true /tmp/helper; /tmp/helper');
    const item = await until('the feed tells of it', async () =>
      feed.items.find(({ alert }) => alert.rule === rule));
    const { 'container.full_id': container } = await box.facts();
    const { subject } = item.alert;
    assert.deepEqual(
      [subject.namespace, subject.pod, subject.container, subject.image, subject.principal],
      ['store', 'victim', container, 'registry.example.com/shop:1', 'root'],
    );
    assert.match(item.alert.output, new RegExp(node().containerd.digests.shop));
    const finding = await server.get(`/v1/findings/${item.finding}`);
    assert.equal(finding.status, 'open');
    assert.deepEqual([finding.subject.namespace, finding.subject.pod], ['store', 'victim']);
    const { raw, trail } = await server.get(`/v1/alerts/${item.position}`);
    assert.ok(raw.includes(container) && raw.includes('/tmp/helper'), raw);
    assert.match(trail.block_root, /^[0-9a-f]{64}$/);
  });

  test('what a changed file held is told', async () => {
    const hash = (text) => `sha256:${createHash('sha256').update(text).digest('hex')}`;
    const written = async (text, file = '/etc/rsyncd.conf') => {
      await box.run(`echo ${text} >${file}`);
      const path = `/v1/activity?pod=victim&kind=write&text=${hash(`${text}\n`)}`;
      const [item] = await until('the change is told', async () => {
        const { items } = await server.get(path);
        return items.length > 0 && items;
      });
      return item.text;
    };
    assert.match(await written('one'), /overwritten .*rsyncd.conf; content before: no file/);
    assert.ok((await written('two')).includes(`before: ${hash('one\n')}; after: ${hash('two\n')}`));
    // What the image holds is known though nobody looked at it before.
    const { stdout } = await box.run('sha256sum /etc/debian_version');
    const [image] = stdout.split(' ');
    const changed = await written('three', '/etc/debian_version');
    assert.ok(changed.includes(`before: sha256:${image}; after: ${hash('three\n')}`), changed);
  });
}
