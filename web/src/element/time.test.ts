import { expect, test } from 'vitest';
import { ago, clock, day, range, readable, span, stamp } from './time';

const now = new Date('2026-11-22T12:00:00Z');

test('a time is shown to the second, its day with a year only when that differs', () => {
  expect(clock('2026-11-22T04:05:06.123456789Z', 'utc')).toBe('04:05:06');
  expect(day('2026-11-22T04:05:06Z', 'utc', now)).toBe('22 Nov');
  expect(stamp('2025-01-02T23:59:59Z', 'utc', now)).toBe('2 Jan 2025 23:59');
});

test('a range says its day once', () => {
  expect(range('2026-11-22T02:30:00Z', '2026-11-22T02:34:00Z', 'utc', now)).toBe(
    '22 Nov 02:30 – 02:34',
  );
  expect(range('2026-11-21T23:30:00Z', '2026-11-22T02:34:00Z', 'utc', now)).toBe(
    '21 Nov 23:30 – 22 Nov 02:34',
  );
});

test('times within a sentence are made readable, and nothing else of it', () => {
  const said = 'k8s_audit/webhook from 2026-11-21T06:46:00Z until 2026-11-22T06:43:00.5Z: stopped';
  expect(readable(said, 'utc', now)).toBe(
    'k8s_audit/webhook from 21 Nov 06:46 until 22 Nov 06:43: stopped',
  );
});

test('spans lose detail as they grow', () => {
  expect([5, 61, 3600, 12_000, 90_000, 900_000].map(span)).toEqual([
    '5 s',
    '1 m',
    '1 h',
    '3 h 20 m',
    '1 d 1 h',
    '10 d',
  ]);
});

test('a clock in the future is named, not hidden', () => {
  expect(ago('2026-11-22T13:00:00Z', now)).toBe('in the future');
  expect(ago('2026-11-22T11:59:50Z', now)).toBe('just now');
  expect(ago('2026-11-22T09:00:00Z', now)).toBe('3 h ago');
});
