import { expect, test } from 'vitest';
import { read, write } from './query';

test('a query survives its text form', () => {
  const query = { text: 'exec & more', severity: 'Critical,Error', from: '2026-11-22T04:00:00Z' };
  expect(read(write(query))).toEqual(query);
});

test('an empty value leaves no trace in the address', () => {
  expect(write({ text: '', rule: undefined })).toBe('');
  expect(write({ text: '', rule: 'x' })).toBe('?rule=x');
});
