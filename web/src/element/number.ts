// Counts arrive as decimal text, because a browser's numbers end at 2^53.

/** `12 345 678` with thin spaces. */
export function grouped(count: string | number): string {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, '\u2009');
}

/** `950`, `12.3 k`, `4.5 M`: for places where width matters; the exact count is in the title. */
export function short(count: string | number): string {
  const n = Number(count);
  if (n < 10_000) return grouped(n);
  const [value, unit] = n < 1e6 ? [n / 1e3, 'k'] : n < 1e9 ? [n / 1e6, 'M'] : [n / 1e9, 'G'];
  return `${value < 100 ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value)} ${unit}`;
}

/** `512 B`, `1.4 MB` */
export function bytes(count: string | number): string {
  const n = Number(count);
  if (n < 1000) return `${n} B`;
  const units = ['kB', 'MB', 'GB', 'TB', 'PB'];
  const power = Math.min(Math.floor(Math.log10(n) / 3), units.length);
  const value = n / 1000 ** power;
  const digits = value < 10 ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value);
  return `${digits} ${units[power - 1]}`;
}

/** `1 gap`, `2 gaps` */
export function plural(count: string | number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${Number(count) === 1 ? one : many}`;
}
