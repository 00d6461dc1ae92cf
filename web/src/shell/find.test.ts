import { expect, test } from 'vitest';
import { find } from './find';

const entries = [
  { name: 'Findings', kind: 'page', address: '/findings' },
  {
    name: 'CC6.1',
    kind: 'criterion',
    address: '/criteria/CC6.1',
    more: 'Logical access is restricted',
  },
  { name: 'Secret read', kind: 'rule', address: '/rules/Secret%20read' },
];

test('every word must be found somewhere, names count most', () => {
  const names = (text: string) => find(entries, text, 5).map((entry) => entry.name);
  expect(names('fi')).toEqual(['Findings']);
  expect(names('logical access')).toEqual(['CC6.1']);
  expect(names('rule read')).toEqual(['Secret read']);
  expect(names('nothing like it')).toEqual([]);
  expect(names('')).toHaveLength(3);
});
