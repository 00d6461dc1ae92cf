import { expect, test } from 'vitest';
import { callOf, command } from './call';

const RAW = JSON.stringify({
  v: 1,
  node: 'node-1',
  boot: 'b',
  sequence: 7,
  time: '2026-11-22T04:05:06Z',
  call: 'openat',
  result: -13,
  error: 'EACCES',
  args: { fd: 'EACCES', name: '/etc/shadow' },
  process: { pid: 10, name: 'cat', path: '/bin/cat', args: ['cat', 'a', "b'c d"], cwd: '/srv' },
  lineage: [
    { pid: 9, name: 'bash', args: ['-bash'], started: '2026-11-22T04:00:00Z' },
    { pid: 1, name: 'init', args: [] },
  ],
  user: { uid: 33, name: 'web', gid: 33, login_uid: 1000 },
  container: { id: 'abc', runtime: 'containerd', pod: { namespace: 'shop', name: 'web-1' } },
});

test('a call is read with its ancestors, oldest first', () => {
  const call = callOf(RAW)!;
  expect(call.lineage.map((each) => each.pid)).toEqual([1, 9]);
  expect([call.call, call.error, call.user, call.login]).toEqual([
    'openat',
    'EACCES',
    'web (33)',
    'uid 1000',
  ]);
  expect(call.args).toEqual([
    ['fd', 'EACCES'],
    ['name', '/etc/shadow'],
  ]);
  expect(call.container).toEqual([
    ['Pod', 'shop / web-1'],
    ['Runtime', 'containerd'],
    ['Id', 'abc'],
  ]);
});

test('a command reads as one would type it', () => {
  expect(command(callOf(RAW)!.process)).toBe(`cat a 'b'\\''c d'`);
  expect(command({ pid: 1, name: 'init', args: [] })).toBe('init');
});

test('what is no system call is none', () => {
  for (const raw of [
    '',
    '[]',
    'null',
    '{"v":1}',
    '{"v":2,"call":"x","process":{}}',
    '{"kind":"Event"}',
  ])
    expect(callOf(raw)).toBeUndefined();
  const bare = callOf('{"v":1,"call":"kill","process":{},"args":7,"lineage":[3],"user":null}')!;
  expect(bare.user).toBe('?');
  expect(bare.lineage[0]!.name).toBe('?');
});
