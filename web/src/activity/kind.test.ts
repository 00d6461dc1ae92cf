import { expect, test } from 'vitest';
import { addressOf, ended, filterOf, missing, where, who } from './kind';

test('an address filters by what it names, and by no kind that there is not', () => {
  expect(filterOf({ pod: 'web', kind: 'write', other: 'x' })).toEqual({
    pod: 'web',
    kind: 'write',
  });
  expect(filterOf({ kind: 'nothing', text: '' })).toEqual({});
});

test('a place is the pod, the container or the node', () => {
  const container = '4e0f1a2b3c4d5e6f';
  expect(where({ namespace: 'shop', pod: 'web', container })).toBe('shop/web');
  expect(where({ container, node: 'n1' })).toBe('4e0f1a2b3c4d');
  expect(where({ node: 'n1' })).toBe('n1');
  expect(addressOf({ container })).toBe(`/activity?container=${container}`);
  expect(addressOf({})).toBeUndefined();
});

test('somebody who became somebody else is told as both', () => {
  expect(who({ subject: { principal: 'root' }, uid: 0, login: 'ada' })).toBe('ada as root');
  expect(who({ subject: {}, uid: 7, login: null })).toBe('uid 7');
});

test('what is missing for longer than nothing was watched is said, to the second', () => {
  const since = '2026-11-22T12:03:20.5Z';
  const connections_missing_since = '2026-11-22T12:02:10Z';
  const all = { since, activity_missing_since: '2026-11-22T12:03:19Z', connections_missing_since };
  expect(missing(all).map(({ what }) => what)).toEqual(['activity', 'counts of connections']);
  const some = { ...all, activity_missing_since: '2026-11-22T12:03:20.1Z' };
  expect(missing(some)).toEqual([
    { what: 'counts of connections', since: connections_missing_since },
  ]);
  expect(missing({ since: null })).toEqual([]);
});

test('a result is told where it is known', () => {
  const once = { count: '1', failed: '0', command: null, exit: null };
  expect(ended({ ...once, exit: 'code 0' })).toBe('ok');
  expect(ended({ ...once, exit: 'signal 9' })).toBe('signal 9');
  expect(ended({ ...once, count: '3', failed: '1' })).toBe('1 failed');
  expect(ended(once)).toBe('');
});
