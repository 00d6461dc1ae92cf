import { expect, test } from 'vitest';
import { blocks, inlines, sections } from './markdown';

test('a page becomes headings, paragraphs, lists and code', () => {
  const page = [
    '# Title',
    '',
    'Two lines',
    'are one paragraph with `code` and **weight**.',
    '',
    '1. first',
    '   goes on',
    '2. second',
    '',
    '- a point',
    '```json event',
    '{"a": "# no heading"}',
    '```',
    'after',
  ].join('\n');
  expect(blocks(page).map((block) => block.kind)).toEqual([
    'heading',
    'paragraph',
    'list',
    'list',
    'code',
    'paragraph',
  ]);
  expect(blocks(page)[2]).toEqual({
    kind: 'list',
    ordered: true,
    items: [[{ kind: 'text', text: 'first goes on' }], [{ kind: 'text', text: 'second' }]],
  });
  expect(blocks(page)[4]).toEqual({
    kind: 'code',
    info: 'json event',
    text: '{"a": "# no heading"}',
  });
});

test('HTML stays text, and only addresses of the web become links', () => {
  const text = '<img src=x onerror=alert(1)> [a](javascript:alert(1)) [b](https://example.org/x)';
  expect(inlines(text)).toEqual([
    { kind: 'text', text: '<img src=x onerror=alert(1)> [a](javascript:alert(1)) ' },
    { kind: 'link', text: 'b', href: 'https://example.org/x' },
  ]);
});

test('nothing inside code means anything', () => {
  expect(inlines('`**a** [b](https://c)`')).toEqual([
    { kind: 'code', text: '**a** [b](https://c)' },
  ]);
});

test('a fence that is not closed reaches to the end', () => {
  expect(blocks('~~~\na\n```\nb')).toEqual([{ kind: 'code', info: '', text: 'a\n```\nb' }]);
});

test('a page is split at its second-level headings', () => {
  const found = sections('# Rule\n\nlead\n\n## The threat\n\nx\n\n### More\n\ny\n\n## Tests\n');
  expect(found.map((section) => [section.title, section.blocks.length])).toEqual([
    ['', 1],
    ['The threat', 3],
    ['Tests', 0],
  ]);
});
