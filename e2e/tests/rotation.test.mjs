// The log file alone: `sockeye serve` follows it, is killed, the log rotates more than twice
// meanwhile, and after the next start nothing is missing and nothing is there twice.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Cluster } from '../cluster/cluster.mjs';
import { eventIds } from './audit_log.mjs';
import { Server, until } from './sockeye.mjs';
import { events } from './trail.mjs';

describe('a log that rotates', () => {
  let dir, server, cluster;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sockeye-rotation-'));
    server = await Server.prepare(dir, { auditLog: join(dir, 'audit', 'audit.log') });
    await server.start();
    await server.signIn();
    cluster = await Cluster.start({ dir, logSizeMb: 2 });
  });

  after(async () => {
    await cluster?.stop();
    await server?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  test('two rotations and more while nobody reads lose nothing', async () => {
    await cluster.load({ requests: 500, workers: 2 });
    await server.kill();
    const read = (await cluster.auditFiles()).length;
    await cluster.load({ requests: 2500, workers: 4, seed: 2 });
    const written = (await cluster.auditFiles()).length;
    assert.ok(written - read >= 2, `the log rotated ${written - read} times only`);

    await server.start();
    await cluster.load({ requests: 500, workers: 2, seed: 3 });
    await cluster.stop();
    const audited = await eventIds(await cluster.auditFiles());
    await until('everything is read', async () => {
      const { items } = await server.get('/v1/sources');
      return items.every(({ state }) => state !== 'disconnected') &&
        events(join(server.data, 'trail')).length >= audited.size;
    });
    await server.stop();
    const ids = events(join(server.data, 'trail')).map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length, 'an event is kept twice');
    assert.deepEqual(new Set(ids), audited);
  });
});
