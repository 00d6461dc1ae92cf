import { expect, test } from 'vitest';
import { tokenOf } from './link';

test('the whole link or only its token may be pasted', () => {
  expect(tokenOf(' http://127.0.0.1:9700/signin?token=abc123 \n')).toBe('abc123');
  expect(tokenOf('abc123')).toBe('abc123');
});
