import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');

/** The two colours of a token, light and dark. */
function colours(name: string): [string, string] {
  const found = new RegExp(`--${name}: light-dark\\((#\\w+), (#\\w+)\\)`).exec(css);
  if (!found) throw new Error(`--${name} has no two colours`);
  return [found[1]!, found[2]!];
}

function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light! + 0.05) / (dark! + 0.05);
}

const GROUNDS = ['ground', 'surface', 'sunken', 'hover', 'chosen'];
const TONES = ['severe', 'error', 'warning', 'notice', 'quiet', 'good', 'hand'];
const AA = 4.5;

test('every text can be read on every ground, in both themes', () => {
  const pairs = [
    ...['text', 'muted', 'accent', ...TONES].flatMap((text) => GROUNDS.map((on) => [text, on])),
    ...TONES.flatMap((tone) => [
      [tone, `${tone}-wash`],
      ['text', `${tone}-wash`],
      ['muted', `${tone}-wash`],
    ]),
    ...['key', 'text', 'number', 'word'].map((kind) => [`json-${kind}`, 'sunken']),
    ['on-accent', 'accent'],
    ['on-accent', 'accent-strong'],
  ] as [string, string][];
  const faint = pairs.flatMap(([text, on]) =>
    (['light', 'dark'] as const).flatMap((theme, at) => {
      const reached = contrast(colours(text)[at]!, colours(on)[at]!);
      return reached < AA ? [`${theme}: ${text} on ${on} ${reached.toFixed(2)}`] : [];
    }),
  );
  expect(faint).toEqual([]);
});
