import { expect, test } from 'vitest';
import { ceiling, hours } from './hours';

test('hours without alerts are there, and severities of one tone are summed', () => {
  const filled = hours({
    from: '2026-11-22T00:30:00Z',
    until: '2026-11-22T03:00:00Z',
    hours: [
      { hour: '2026-11-22T01:00:00Z', severity: 'Critical', alerts: '2' },
      { hour: '2026-11-22T01:00:00Z', severity: 'Alert', alerts: '1' },
      { hour: '2026-11-22T01:00:00Z', severity: 'Debug', alerts: '4' },
    ],
  });
  expect(filled.map((hour) => hour.total)).toEqual([0, 7, 0]);
  expect(filled[1]?.tones).toMatchObject({ severe: 3, quiet: 4, error: 0 });
});

test('a scale ends at a round number', () => {
  expect([0, 4, 5, 11, 99, 480].map(ceiling)).toEqual([4, 4, 6, 20, 100, 600]);
});
