// Queries as plain objects, in the order in which they were written.

export type Change = Record<string, string | undefined>;

export function read(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search));
}

export function write(query: Change): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) pairs.set(name, value);
  const text = pairs
    .toString()
    .replaceAll('%3A', ':')
    .replaceAll('%2F', '/')
    .replaceAll('%2C', ',');
  return text ? `?${text}` : '';
}
