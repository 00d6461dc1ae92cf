// Colours JSON text without HTML: pieces that a template prints as text.

export interface Piece {
  kind: 'key' | 'text' | 'number' | 'word' | 'plain';
  text: string;
}

const TOKEN =
  /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g;

export function pieces(json: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of json.matchAll(TOKEN)) {
    if (match.index > from) found.push({ kind: 'plain', text: json.slice(from, match.index) });
    const [whole, quoted, colon, number] = match;
    if (quoted && colon) {
      found.push({ kind: 'key', text: quoted }, { kind: 'plain', text: colon });
    } else {
      found.push({ kind: quoted ? 'text' : number ? 'number' : 'word', text: whole });
    }
    from = match.index + whole.length;
  }
  if (from < json.length) found.push({ kind: 'plain', text: json.slice(from) });
  return found;
}

/** Indents without re-encoding: numbers and escapes stay as they were received. */
export function indented(json: string): string {
  let out = '';
  let depth = 0;
  let quoted = false;
  const line = () => `\n${'  '.repeat(depth)}`;
  for (let at = 0; at < json.length; at += 1) {
    const c = json[at]!;
    if (quoted) {
      out += c;
      if (c === '\\') out += json[(at += 1)] ?? '';
      else if (c === '"') quoted = false;
    } else if (c === '"') {
      quoted = true;
      out += c;
    } else if (c === '{' || c === '[') {
      const close = json.slice(at + 1).match(/^\s*[}\]]/);
      if (close) {
        out += c + close[0].trim();
        at += close[0].length;
      } else {
        depth += 1;
        out += c + line();
      }
    } else if (c === '}' || c === ']') {
      depth = Math.max(0, depth - 1);
      out += line() + c;
    } else if (c === ',') out += c + line();
    else if (c === ':') out += ': ';
    else if (!/\s/.test(c)) out += c;
  }
  return out;
}
