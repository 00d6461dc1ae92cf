import { expect, test } from 'vitest';
import { steps } from './lifecycle';

test('only what makes sense is offered', () => {
  expect(steps('open')).toEqual(['acknowledge', 'resolve', 'accept']);
  expect(steps('resolved')).toEqual(['reopen']);
  expect(steps('accepted')).not.toContain('acknowledge');
});
