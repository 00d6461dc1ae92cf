import { expect, test } from 'vitest';
import type { Criterion, Outcome } from '../api/types';
import { series, standing } from './result';

function criterion(id: string, ...results: Outcome[]): Criterion {
  const controls = results.map((result, index) => ({
    id: `K-${index}`,
    title: 't',
    design: { result: 'pass' as Outcome, reasons: [] },
    operation: { result, reasons: [] },
  }));
  return {
    id,
    category: 'security',
    paraphrase: 'p',
    points: [],
    shown_by: [],
    manual: [],
    summary: 's',
    controls,
  };
}

test('a criterion stands as its least favourable control', () => {
  expect(standing(criterion('CC6.1', 'pass', 'fail', 'not-tested'))).toBe('fail');
  expect(standing(criterion('CC6.1', 'pass', 'not-tested'))).toBe('not-tested');
  expect(standing(criterion('CC6.1', 'pass', 'inherited'))).toBe('inherited');
});

test('no control is not a pass', () => {
  expect(standing(criterion('CC6.1'))).toBe('not-tested');
});

test('privacy is one series, P1 to P8, and PI1 is not among it', () => {
  const groups = series(['CC6.1', 'CC6.10', 'PI1.2', 'P1.1', 'P8.1'].map((id) => criterion(id)));
  expect(groups.map((group) => [group.id, group.criteria.length])).toEqual([
    ['CC6', 2],
    ['PI1', 1],
    ['P', 2],
  ]);
});
