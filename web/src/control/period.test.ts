import { expect, test } from 'vitest';
import { carried, periodOf } from './period';

const now = new Date('2026-11-22T12:00:30Z');

test('both chosen days belong to the period', () => {
  expect(periodOf({ from: '2026-07-01', to: '2026-09-30' }, now)).toEqual({
    from: '2026-07-01T00:00:00Z',
    until: '2026-10-01T00:00:00Z',
  });
});

test('a preset ends with this minute, and nonsense means the default', () => {
  expect(periodOf({ period: '7d' }, now)).toEqual({
    from: '2026-11-15T12:01:00Z',
    until: '2026-11-22T12:01:00Z',
    preset: '7d',
  });
  expect(periodOf({ from: '2026-09-30', to: '2026-07-01' }, now).preset).toBe('30d');
});

test('links carry the period and nothing else', () => {
  expect(carried({ from: '2026-07-01', to: '2026-09-30', text: 'x' })).toBe(
    '?from=2026-07-01&to=2026-09-30',
  );
});
