// An ordinary time on a node, in which our rules must not cry: nothing above notice. A minute or
// so; SOCKEYE_QUIET_S makes it as long as one likes.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { missing, Node } from '../node/node.mjs';
import { furnish, live } from './ordinary.mjs';
import { Watch } from './watch.mjs';

const rules = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'rules', 'syscall');
const seconds = Number(process.env.SOCKEYE_QUIET_S ?? 60);
const quiet = ['Notice', 'Informational', 'Debug'];

const reason = await missing();
if (reason && process.env.E2E_REQUIRED) throw new Error(reason);

describe('an ordinary time', { skip: reason ?? false }, () => {
  let dir, node, watch;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sockeye-quiet-'));
    watch = await Watch.start(dir, 'quiet', [rules]);
    node = await Node.start({ dir });
    await furnish(node);
  });

  after(async () => {
    await node?.stop();
    await watch?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  test('raises no alert above notice', { timeout: (seconds + 300) * 1000 }, async () => {
    const done = await live(node, seconds);
    assert.ok(done > 10, `${done} things were done`);
    const loud = watch.alerts.filter(({ priority }) => !quiet.includes(priority));
    assert.deepEqual(loud.map(({ output }) => output), []);
  });
});
