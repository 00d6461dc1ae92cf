import { expect, test } from 'vitest';
import type { Criterion, Outcome } from '../api/types';
import { gravest, series, standing, stands } from './result';

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
  const operation = (...results: Outcome[]) =>
    standing(criterion('CC6.1', ...results), 'operation');
  expect(operation('pass', 'fail', 'not-tested')).toBe('fail');
  expect(operation('pass', 'not-tested')).toBe('not-tested');
  expect(operation('pass', 'inherited')).toBe('inherited');
});

test('no control is not a pass', () => {
  expect(standing(criterion('CC6.1'), 'operation')).toBe('not-tested');
  expect(gravest(criterion('CC6.1'))).toBe('not-tested');
});

test('a failed design is seen though nothing is known of operation', () => {
  const one = criterion('CC6.1', 'pass', 'not-tested');
  one.controls[0]!.design.result = 'fail';
  expect([standing(one, 'design'), standing(one, 'operation')]).toEqual(['fail', 'not-tested']);
  expect(gravest(one)).toBe('fail');
  expect([stands(one, 'fail'), stands(one, 'not-tested'), stands(one, 'pass')]).toEqual([
    true,
    true,
    false,
  ]);
});

test('privacy is one series, P1 to P8, and PI1 is not among it', () => {
  const groups = series(['CC6.1', 'CC6.10', 'PI1.2', 'P1.1', 'P8.1'].map((id) => criterion(id)));
  expect(groups.map((group) => [group.id, group.criteria.length])).toEqual([
    ['CC6', 2],
    ['PI1', 1],
    ['P', 2],
  ]);
});
