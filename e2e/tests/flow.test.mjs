// One event followed from kubectl to the verified report: a real API server delivers by webhook
// and by log file to one `sockeye serve`, a person decides, the auditor's package verifies.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Cluster } from '../cluster/cluster.mjs';
import { acts } from './acts.mjs';
import { countByRule, eventIds } from './audit_log.mjs';
import { Server, sockeye, until } from './sockeye.mjs';
import { eachFlipIsNamed } from './tamper.mjs';
import { events } from './trail.mjs';

describe('from kubectl to a verified report', () => {
  const begin = new Date(Date.now() - 60_000).toISOString();
  const period = () => `from=${begin}&until=${new Date().toISOString()}`;
  let dir, server, cluster, feed, alerts, audited;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sockeye-flow-'));
    server = await Server.prepare(dir, { auditLog: join(dir, 'audit', 'audit.log') });
    await server.start();
    await server.signIn();
    feed = server.feed();
    cluster = await Cluster.start({ dir, webhook: server.webhook });
  });

  after(async () => {
    feed?.close();
    await cluster?.stop();
    await server?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  test('every rule of ours has an act here', async () => {
    const { items } = await server.get('/v1/rules');
    const ours = items.filter(({ source }) => source === 'k8s_audit').map(({ name }) => name);
    assert.deepEqual(ours.sort(), Object.keys(acts).sort());
  });

  for (const [rule, act] of Object.entries(acts)) {
    test(`kubectl acts, an alert follows: ${rule}`, async () => {
      await act(cluster);
      const query = `?rule=${encodeURIComponent(rule)}`;
      const [item] = await until(`an alert of ${rule}`, async () => {
        const items = await server.alerts(query);
        return items.length > 0 && items;
      });
      assert.equal(item.alert.rule, rule);
      assert.ok(item.alert.soc2.length > 0, 'the alert names no criterion');
      const detail = await server.get(`/v1/alerts/${item.position}`);
      assert.equal(detail.event_id.split('/')[0], JSON.parse(detail.raw).auditID);
    });
  }

  test('both ways deliver every event, and each is kept once', async () => {
    const told = Date.now();
    await cluster.stop();
    const files = await cluster.auditFiles();
    audited = await eventIds(files);
    const sentTwice = (await eventIds(files, { before: told })).size;
    const taken = async () => (await server.get('/v1/status')).intake;
    const all = async () => Number((await taken()).records) >= audited.size + sentTwice;
    await until('everything is taken from both', all).catch(() => {});
    const intake = await taken();
    assert.equal(Number(intake.records) - Number(intake.duplicates), audited.size);
    assert.ok(Number(intake.duplicates) >= sentTwice, `${intake.duplicates} of ${sentTwice}`);
    assert.equal(Number(intake.rejected), 0);
    const kept = events(join(server.data, 'trail'));
    assert.equal(kept.length, audited.size);
    assert.deepEqual(new Set(kept.map(({ id }) => id)), audited);
  });

  test('the server alerts exactly as `detect` does over the log', async () => {
    alerts = await server.alerts();
    const files = (await cluster.auditFiles()).map(({ path }) => path);
    const judged = await sockeye('detect', '-o', 'json', ...files);
    assert.equal(judged.code, 0, judged.stderr);
    const lines = judged.stdout.trim().split('\n').map((line) => JSON.parse(line));
    assert.deepEqual(countByRule(alerts.map(({ alert }) => alert)), countByRule(lines));
  });

  test('the feed showed each alert once, and resumes where a reader left', async () => {
    const shown = () => feed.items.map(({ id }) => id);
    await until('the feed has everything', async () => shown().length >= alerts.length);
    assert.deepEqual(shown(), alerts.map(({ position }) => position).reverse());

    const middle = shown()[Math.floor(alerts.length / 2)];
    const resumed = server.feed(middle);
    const rest = shown().slice(shown().indexOf(middle) + 1);
    await until('the rest arrives', async () => resumed.items.length >= rest.length);
    resumed.close();
    assert.deepEqual(resumed.items.map(({ id }) => id), rest);
  });

  test('a named person decides about a finding, with a reason', async () => {
    const rule = 'Cluster-admin granted';
    const [finding] = await server.all(`/v1/findings?rule=${encodeURIComponent(rule)}`);
    const path = `/v1/findings/${finding.id}/decisions`;
    const resolve = { action: 'resolve', verdict: 'true_positive', reason: 'Grace left; revoked.' };

    const token = await server.token('read', 'intake');
    assert.equal((await server.answer('POST', path, { body: resolve, token })).status, 403);
    const silent = await server.answer('POST', path, { body: { ...resolve, reason: ' ' } });
    assert.equal(silent.status, 400);

    await server.post(path, { action: 'acknowledge', reason: 'Looking.' });
    await server.post(path, resolve);
    const decided = await server.get(`/v1/findings/${finding.id}`);
    assert.equal(decided.status, 'resolved');
    assert.deepEqual(decided.decisions.map(({ action }) => action), ['acknowledge', 'resolve']);
    assert.ok(decided.decisions.every(({ actor }) => actor));
  });

  test('the population of a control leads back to the events', async () => {
    const found = async () => {
      const items = await server.all(`/v1/controls/K-14/population?${period()}`);
      return items.find(({ title }) => title.includes('Cluster-admin granted'));
    };
    // A minute is judged when the one after it has ended.
    const item = await until('the binding is in the population', found, { within: 200_000 });
    assert.equal(item.result, 'pass', item.reason);
    const [opened, ...decisions] = item.evidence;
    assert.ok(alerts.some(({ position }) => position.startsWith(`${opened}.`)), opened);
    assert.equal(decisions.length, 2);
  });

  test('61 criteria, and no control that watches passes on a minute of watching', async () => {
    const { items } = await server.get(`/v1/criteria?${period()}`);
    assert.equal(items.length, 61);
    const { items: controls } = await server.get(`/v1/controls?${period()}`);
    assert.ok(controls.length >= 10);
    const passed = controls.filter(({ operation }) => operation.result === 'pass');
    // K-28 watches nothing: the one rule set that came into force was approved.
    assert.deepEqual(passed.map(({ id }) => id).filter((id) => id !== 'K-28'), []);
    for (const { id, operation } of controls) {
      assert.ok(operation.reasons.length > 0, `${id} gives no reason`);
    }
  });

  test('deleting the projection and replaying gives equal answers', async () => {
    // Up to the last full minute: stopping and starting adds statuses to the current one.
    const minute = new Date(Math.floor((Date.now() - 5_000) / 60_000) * 60_000).toISOString();
    const past = `from=${begin}&until=${minute}`;
    const answers = async () => ({
      alerts: await server.alerts(),
      findings: await server.all('/v1/findings'),
      decided: await server.all('/v1/findings?status=resolved'),
      controls: await server.get(`/v1/controls?${past}`),
      minutes: await server.get(`/v1/sources/minutes?${past}`),
    });
    const beforeReplay = await answers();
    await server.stop();
    for (const suffix of ['', '-wal', '-shm']) {
      await rm(join(server.data, `state.db${suffix}`), { force: true });
    }
    await server.start();
    assert.deepEqual(await answers(), beforeReplay);
  });

  test('the report of the period verifies, and any flipped byte is named', async () => {
    await server.stop();
    const out = join(dir, 'report');
    const span = ['--from', begin, '--to', new Date().toISOString()];
    const made = await sockeye(
      'report', '--data', server.data, '--type', '2', ...span, '--out', out,
    );
    assert.equal(made.code, 0, made.stderr);
    const whole = await sockeye('verify', out);
    assert.equal(whole.code, 0, whole.stdout + whole.stderr);
    await eachFlipIsNamed(out);
  });

  test('the trail verifies, and any flipped byte is named', async () => {
    const trail = join(server.data, 'trail');
    const whole = await sockeye('verify', trail);
    assert.equal(whole.code, 0, whole.stdout + whole.stderr);
    await eachFlipIsNamed(trail);
  });
});
