// Reads the Markdown that rule pages use into blocks. Everything else, HTML above all, stays text:
// nothing that is read here can become markup of its own.

export type Inline =
  | { kind: 'text' | 'code' | 'strong' | 'em'; text: string }
  | { kind: 'link'; text: string; href: string };

export type Block =
  | { kind: 'heading'; level: number; text: Inline[] }
  | { kind: 'paragraph'; text: Inline[] }
  | { kind: 'list'; ordered: boolean; items: Inline[][] }
  | { kind: 'code'; info: string; text: string };

const FENCE = /^(`{3,}|~{3,})\s*(.*)$/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const ITEM = /^\s{0,3}(?:([-*+])|\d{1,9}[.)])\s+(.*)$/;
// Code first: nothing inside it means anything. Only addresses of the web become links.
const INLINE = new RegExp(
  [
    /`([^`]+)`/,
    /\*\*([^*]+)\*\*/,
    /\*([^*\s][^*]*)\*/,
    /\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)/,
    /<(https?:\/\/[^\s>]+)>/,
  ]
    .map((part) => part.source)
    .join('|'),
  'g',
);

export function inlines(text: string): Inline[] {
  const parts: Inline[] = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > from) parts.push({ kind: 'text', text: text.slice(from, match.index) });
    const [whole, code, strong, em, label, href, bare] = match;
    if (code !== undefined) parts.push({ kind: 'code', text: code });
    else if (strong !== undefined) parts.push({ kind: 'strong', text: strong });
    else if (em !== undefined) parts.push({ kind: 'em', text: em });
    else if (href !== undefined) parts.push({ kind: 'link', text: label ?? href, href });
    else if (bare !== undefined) parts.push({ kind: 'link', text: bare, href: bare });
    from = match.index + whole.length;
  }
  if (from < text.length) parts.push({ kind: 'text', text: text.slice(from) });
  return parts;
}

/** Reads a page into blocks. */
export function blocks(page: string): Block[] {
  const found: Block[] = [];
  const lines = page.split(/\r?\n/);
  let words: string[] = [];
  let list: { ordered: boolean; items: string[] } | undefined;

  const finish = () => {
    if (list) {
      found.push({ kind: 'list', ordered: list.ordered, items: list.items.map(inlines) });
    } else if (words.length > 0) {
      found.push({ kind: 'paragraph', text: inlines(words.join(' ')) });
    }
    words = [];
    list = undefined;
  };

  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const fence = FENCE.exec(line);
    if (fence) {
      finish();
      const end = closing(lines, at + 1, fence[1] ?? '');
      const text = lines.slice(at + 1, end).join('\n');
      found.push({ kind: 'code', info: (fence[2] ?? '').trim(), text });
      at = end;
      continue;
    }
    const heading = HEADING.exec(line);
    const item = ITEM.exec(line);
    if (heading) {
      finish();
      const level = heading[1]?.length ?? 1;
      found.push({ kind: 'heading', level, text: inlines(heading[2] ?? '') });
    } else if (item) {
      const ordered = item[1] === undefined;
      if (list?.ordered !== ordered) finish();
      list ??= { ordered, items: [] };
      list.items.push(item[2] ?? '');
    } else if (line.trim() === '') {
      finish();
    } else if (list) {
      const last = list.items.length - 1;
      list.items[last] = `${list.items[last]} ${line.trim()}`;
    } else {
      words.push(line.trim());
    }
  }
  finish();
  return found;
}

/** Returns the line of the fence that closes a block; the end of the page if none does. */
function closing(lines: readonly string[], from: number, fence: string): number {
  const mark = fence[0] ?? '`';
  const closes = (line: string) => {
    const text = line.trim();
    return text.length >= fence.length && text === mark.repeat(text.length);
  };
  const at = lines.findIndex((line, index) => index >= from && closes(line));
  return at < 0 ? lines.length : at;
}

export interface Section {
  title: string;
  blocks: Block[];
}

/** Splits a page at its second-level headings; what stands before the first has no title. */
export function sections(page: string): Section[] {
  const found: Section[] = [];
  for (const block of blocks(page)) {
    if (block.kind === 'heading' && block.level <= 2) {
      found.push({ title: block.level === 2 ? plain(block.text) : '', blocks: [] });
    } else {
      if (found.length === 0) found.push({ title: '', blocks: [] });
      found.at(-1)?.blocks.push(block);
    }
  }
  return found.filter((section) => section.title || section.blocks.length > 0);
}

function plain(text: readonly Inline[]): string {
  return text.map((part) => part.text).join('');
}
