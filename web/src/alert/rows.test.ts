import { expect, test } from 'vitest';
import type { AlertItem } from '../api/types';
import { compare } from './position';
import { filterOf, matches, merge, object, said, who } from './rows';

function item(position: string, change: Partial<AlertItem['alert']> = {}): AlertItem {
  return {
    position,
    finding: 'f',
    alert: {
      uuid: position,
      time: '2026-11-22T04:05:06Z',
      rule: 'Exec into a pod',
      priority: 'Warning',
      source: 'k8s_audit',
      tags: [],
      hostname: 'h',
      output: 'alice ran a command in shop/web-1',
      output_fields: {},
      soc2: ['CC6.1'],
      reliability: 'complete',
      subject: { namespace: 'shop', pod: 'web-1', principal: 'alice' },
      ...change,
    },
  };
}

const positions = (items: AlertItem[]) => items.map((each) => each.position);

test('positions are ordered by number, not by text', () => {
  expect(['9.0.0', '10.0.0', '10.0.1', '2.11.0', '2.2.0'].sort(compare)).toEqual([
    '2.2.0',
    '2.11.0',
    '9.0.0',
    '10.0.0',
    '10.0.1',
  ]);
});

test('rows are newest first, each once, and bounded', () => {
  const rows = merge(
    [item('9.0.0'), item('8.0.0')],
    [item('10.0.0'), item('9.0.0'), item('7.0.0')],
    3,
  );
  expect(positions(rows)).toEqual(['10.0.0', '9.0.0', '8.0.0']);
});

test('a severity lets worse ones through', () => {
  const levels = (['Critical', 'Error', 'Notice'] as const).map((priority) =>
    item('1.0.0', { priority }),
  );
  expect(levels.map((each) => matches(each, { severity: 'Error' }))).toEqual([true, true, false]);
});

test('text is found in output and subject, in any case', () => {
  expect(matches(item('1.0.0'), { text: 'ALICE' })).toBe(true);
  expect(matches(item('1.0.0'), { text: 'Web-1' })).toBe(true);
  expect(matches(item('1.0.0'), { text: 'mallory' })).toBe(false);
  expect(matches(item('1.0.0'), { criterion: 'CC6.6' })).toBe(false);
});

test('a filter from a hand-written address keeps only what it understands', () => {
  expect(filterOf({ severity: 'Loud', rule: 'x', before: '1.0.0' })).toEqual({ rule: 'x' });
});

test('an object is named by what is known of it, never guessed', () => {
  expect(object({ namespace: 'shop', pod: 'web-1', container: 'app' })).toBe(
    'shop / pods/web-1 / app',
  );
  expect(object({ workload: 'clusterroles/admin' })).toBe('clusterroles/admin');
  expect(object({})).toBe('');
});

test('a list shows who acted and what was said, without what stands beside it', () => {
  expect(who({ principal: 'system:serviceaccount:ci:deployer' })).toBe('sa:ci:deployer');
  expect(said('06:40:20.194000000: Error Cluster-admin granted (user=eve)')).toBe(
    'Cluster-admin granted (user=eve)',
  );
  expect(said('A line of its own: no time')).toBe('A line of its own: no time');
});
