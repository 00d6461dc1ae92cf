import { expect, test } from 'vitest';
import { leads } from './kind';

test('an event leads to each of its alerts', () => {
  const entry = { alerts: [{ rule: 'Shell' }, { rule: 'Host path' }] };
  expect(leads({ kind: 'event', position: '12.3', entry })).toEqual([
    { href: '/feed/12.3.0', text: 'Alert: Shell' },
    { href: '/feed/12.3.1', text: 'Alert: Host path' },
  ]);
});

test('a decision leads to its finding', () => {
  const entry = { finding: 'ab12', actor: 'ada' };
  expect(leads({ kind: 'decision', position: '4.0', entry })).toEqual([
    { href: '/findings/ab12', text: 'Finding' },
  ]);
});

test('a start leads nowhere', () => {
  expect(leads({ kind: 'start', position: '0.0', entry: {} })).toEqual([]);
});
