import { expect, test } from 'vitest';
import { bytes, grouped, plural, short } from './number';

test('counts beyond 2^53 keep every digit', () => {
  expect(grouped('18446744073709551615').replaceAll('\u2009', '')).toBe('18446744073709551615');
});

test('short counts and sizes', () => {
  expect([950, 12_345, 456_789, 4_500_000].map(short)).toEqual(['950', '12.3 k', '457 k', '4.5 M']);
  expect([512, 1_400_000, 12_000_000_000].map(bytes)).toEqual(['512 B', '1.4 MB', '12 GB']);
});

test('one gap, two gaps', () => {
  expect([0, 1, 2].map((n) => plural(n, 'gap'))).toEqual(['0 gaps', '1 gap', '2 gaps']);
});
