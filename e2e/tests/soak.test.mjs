// A busy node, for a moment: what judges it holds no more in the end than it did before.
// `e2e/overhead/soak.mjs --seconds 600` is the same for as long as one likes.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { soak } from '../overhead/soak.mjs';
import { binary } from './sockeye.mjs';

const skip = process.getuid() !== 0 && 'the sensor needs root';

test('memory stays flat under load', { skip }, async (t) => {
  const result = await soak({ binary, seconds: 20, say: (line) => t.diagnostic(line) });
  assert.ok(result.done.connections > 0 && result.samples.length >= 8);
  assert.ok(result.detect.flat, JSON.stringify(result.detect));
});
