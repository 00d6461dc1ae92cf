import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { curl, webhook } from './snippet';

test('the first event, as the shell puts it together, is JSON with a fresh id', () => {
  const command = curl('http://127.0.0.1:9700', 'TOKEN').replace(/^curl.*?--data/s, 'printf %s');
  const sent = () =>
    JSON.parse(execFileSync('sh', ['-c', command], { encoding: 'utf8' })) as Record<string, string>;
  const event = sent();
  expect(Date.parse(event.stageTimestamp ?? '')).toBeGreaterThan(Date.now() - 60_000);
  expect(event.auditID).toMatch(/^[0-9a-f-]{36}$/);
  expect(sent().auditID).not.toBe(event.auditID);
});

test('the webhook file carries address and token', () => {
  const file = webhook('https://sockeye.example:9700', 's3cret');
  expect(file).toContain('    server: https://sockeye.example:9700/k8s-audit\n');
  expect(file).toContain('    user:\n      token: s3cret\n');
});

test('over plain http the token stands in the address, because a header would be dropped', () => {
  const file = webhook('http://127.0.0.1:9700', 's3cret');
  expect(file).toContain('    server: http://audit:s3cret@127.0.0.1:9700/k8s-audit\n');
  expect(file).toContain('    user: {}\n');
});
