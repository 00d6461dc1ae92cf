import { expect, test } from 'vitest';
import { indented, pieces } from './json';

test('indenting changes white space and nothing else', () => {
  const raw = '{"a":[1.50,{"b":"x\\"{,}: y"}],"big":12345678901234567890,"none":{},"e":[ ]}';
  expect(indented(raw)).toBe(
    [
      '{',
      '  "a": [',
      '    1.50,',
      '    {',
      '      "b": "x\\"{,}: y"',
      '    }',
      '  ],',
      '  "big": 12345678901234567890,',
      '  "none": {},',
      '  "e": []',
      '}',
    ].join('\n'),
  );
});

test('pieces put together are the text again', () => {
  const text = indented('{"k":"v","n":-1.5e3,"t":true,"z":null}');
  expect(
    pieces(text)
      .map((piece) => piece.text)
      .join(''),
  ).toBe(text);
  expect(pieces('{"k": true}').map((piece) => piece.kind)).toEqual([
    'plain',
    'key',
    'plain',
    'plain',
    'word',
    'plain',
  ]);
});

test('text cut in the middle of a string is still shown', () => {
  expect(
    pieces('{"k":"cut he')
      .map((piece) => piece.text)
      .join(''),
  ).toBe('{"k":"cut he');
});
