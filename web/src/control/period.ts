// The period that results are asked for, as it stands in the address.

export interface Period {
  from: string;
  until: string;
}

export interface Preset {
  id: string;
  name: string;
  days: number;
}

export const PRESETS: readonly Preset[] = [
  { id: '1d', name: 'Last 24 hours', days: 1 },
  { id: '7d', name: 'Last 7 days', days: 7 },
  { id: '30d', name: 'Last 30 days', days: 30 },
  { id: '90d', name: 'Last 90 days', days: 90 },
  { id: '365d', name: 'Last 12 months', days: 365 },
];

const DEFAULT = '30d';
const DAY_MS = 86_400_000;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

function text(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Days chosen by hand (both included) win; else a preset that ends at the end of this minute. */
export function periodOf(query: Record<string, string>, now: Date): Period & { preset?: string } {
  const { from = '', to = '' } = query;
  if (DAY.test(from) && DAY.test(to) && from <= to) {
    return { from: `${from}T00:00:00Z`, until: text(Date.parse(`${to}T00:00:00Z`) + DAY_MS) };
  }
  const preset =
    PRESETS.find((each) => each.id === query.period) ??
    PRESETS.find((each) => each.id === DEFAULT)!;
  const until = Math.ceil(now.getTime() / 60_000) * 60_000;
  return { from: text(until - preset.days * DAY_MS), until: text(until), preset: preset.id };
}

/** The parts of an address that carry the period from page to page. */
export function carried(query: Record<string, string>): string {
  const pairs = new URLSearchParams();
  for (const name of ['period', 'from', 'to']) if (query[name]) pairs.set(name, query[name]);
  const search = pairs.toString();
  return search ? `?${search}` : '';
}
