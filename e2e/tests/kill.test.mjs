// `sockeye serve` dies by SIGKILL in the middle of a webhook's traffic, again and again. What it
// acknowledged is kept; what it did not, the API server's own retries bring.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { Cluster } from '../cluster/cluster.mjs';
import { countByRule, eventIds } from './audit_log.mjs';
import { Server, sockeye, until } from './sockeye.mjs';
import { events } from './trail.mjs';

const kills = 5;

describe('killed during traffic', () => {
  let dir, server, cluster;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sockeye-kill-'));
    server = await Server.prepare(dir);
    await server.start();
    await server.signIn();
    cluster = await Cluster.start({ dir, webhook: server.webhook });
  });

  after(async () => {
    await cluster?.stop();
    await server?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  test(`after ${kills} kills the trail holds every event of the API server's log`, async () => {
    for (let kill = 0; kill < kills; kill++) {
      // Traffic of its own for each, so that a slow start cannot outlast it.
      let running = true;
      const load = cluster.load({ requests: 1500, workers: 4 }).finally(() => (running = false));
      await delay(400 + 200 * kill);
      assert.ok(running, 'the traffic ended before the kill');
      await server.kill();
      await server.start();
      await load;
    }
    const told = Date.now();
    await cluster.stop();
    const files = await cluster.auditFiles();
    const audited = await eventIds(files, { before: told });
    const lacking = () => {
      const ids = events(join(server.data, 'trail')).map(({ id }) => id);
      const kept = new Set(ids);
      assert.equal(kept.size, ids.length, 'an event is kept twice');
      return [...audited].filter((id) => !kept.has(id));
    };
    await until('the trail has caught up', async () => lacking().length === 0).catch(() => {});
    assert.deepEqual(lacking(), []);

    const paths = files.map(({ path }) => path);
    const judged = await sockeye('detect', '-o', 'json', ...paths);
    assert.equal(judged.code, 0, judged.stderr);
    const lines = judged.stdout.trim().split('\n').map((line) => JSON.parse(line));
    const alerts = (await server.alerts()).map(({ alert }) => alert);
    assert.deepEqual(countByRule(alerts), countByRule(lines));

    await server.stop();
    const whole = await sockeye('verify', join(server.data, 'trail'));
    assert.equal(whole.code, 0, whole.stdout + whole.stderr);
  });
});
