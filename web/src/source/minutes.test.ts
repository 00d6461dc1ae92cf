import { expect, test } from 'vitest';
import type { Gap, SourceMinute } from '../api/types';
import { buckets, marks } from './minutes';

const from = '2026-11-22T00:00:00Z';
const until = '2026-11-23T00:00:00Z';
const gap = (a: string, b: string): Gap => ({ subject: 's', from: a, until: b, reason: 'r' });

function minute(at: string, records: string, rejected = '0'): SourceMinute {
  return {
    position: '1.0',
    source: 's',
    instance: 'i',
    minute: at,
    records,
    rejected,
    duplicates: '0',
    lost: '0',
    bytes: '0',
    alerts: '0',
    connected: true,
  };
}

test('a gap of one minute in a day is still seen', () => {
  const [mark] = marks([gap('2026-11-22T12:00:00Z', '2026-11-22T12:01:00Z')], from, until, 1000, 3);
  expect(mark).toMatchObject({ x: 500, width: 3 });
});

test('a gap at the very end is not pushed out, and one outside is left out', () => {
  const found = marks(
    [gap('2026-11-22T23:59:00Z', until), gap('2026-11-20T00:00:00Z', '2026-11-21T00:00:00Z')],
    from,
    until,
    1000,
    3,
  );
  expect(found.map(({ x, width }) => x + width)).toEqual([1000]);
});

test('minutes are summed where they belong; those outside are ignored', () => {
  const filled = buckets(
    [
      minute('2026-11-22T00:00:00Z', '5'),
      minute('2026-11-22T00:59:00Z', '2', '1'),
      minute('2026-11-24T00:00:00Z', '9'),
    ],
    from,
    until,
    24,
  );
  expect(filled[0]).toEqual({ at: 0, records: 7, troubled: 1 });
  expect(filled.slice(1).every((bucket) => bucket.records === 0)).toBe(true);
});
