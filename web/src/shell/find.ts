// Finds entries by the letters of a few words, best first.

export interface Entry {
  name: string;
  kind: string;
  address: string;
  more?: string;
}

export function find(entries: readonly Entry[], text: string, max: number): Entry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return entries
    .map((entry) => ({ entry, score: score(entry, words) }))
    .filter((found) => found.score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, max)
    .map((found) => found.entry);
}

function score(entry: Entry, words: readonly string[]): number {
  const name = entry.name.toLowerCase();
  const more = `${entry.kind} ${entry.more ?? ''}`.toLowerCase();
  let total = 1;
  for (const word of words) {
    if (name.startsWith(word)) total += 8;
    else if (name.includes(` ${word}`)) total += 5;
    else if (name.includes(word)) total += 3;
    else if (more.includes(word)) total += 1;
    else return 0;
  }
  return total;
}
