// Alerts by hour, stacked by tone, with the hours in which there were none.
import type { Summary } from '../api/types';
import { tone, TONES, type Tone } from '../alert/severity';

export interface Hour {
  at: string;
  total: number;
  tones: Record<Tone, number>;
}

const HOUR_MS = 3_600_000;

export function hours(summary: Pick<Summary, 'from' | 'until' | 'hours'>): Hour[] {
  const first = Math.floor(Date.parse(summary.from) / HOUR_MS) * HOUR_MS;
  const end = Date.parse(summary.until);
  const filled = new Map<number, Hour>();
  for (let at = first; at < end; at += HOUR_MS) filled.set(at, empty(at));
  for (const { hour, severity, alerts } of summary.hours) {
    const found = filled.get(Date.parse(hour));
    if (!found) continue;
    found.tones[tone(severity)] += Number(alerts);
    found.total += Number(alerts);
  }
  return [...filled.values()];
}

function empty(at: number): Hour {
  const tones = Object.fromEntries(TONES.map((each) => [each, 0])) as Record<Tone, number>;
  return { at: new Date(at).toISOString(), total: 0, tones };
}

/** A round number at or above `most`, for the top of a scale. */
export function ceiling(most: number): number {
  if (most <= 4) return 4;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 3, 4, 6, 8, 10].map((step) => step * power).find((top) => top >= most) ?? most;
}
