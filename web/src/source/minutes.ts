// Minutes of a source put into buckets, so that a day fits on a line and no gap is lost on the way.
import type { Gap, SourceMinute } from '../api/types';

/** So many buckets fit on a line and stay apart from each other. */
export const BUCKETS = 180;

export interface Bucket {
  /** Start, as a share of the span from 0 to 1. */
  at: number;
  records: number;
  /** Refused or lost in the bucket. */
  troubled: number;
}

export function buckets(
  minutes: readonly SourceMinute[],
  from: string,
  until: string,
  count: number,
): Bucket[] {
  const start = Date.parse(from);
  const width = (Date.parse(until) - start) / count;
  const filled: Bucket[] = Array.from({ length: count }, (_, index) => ({
    at: index / count,
    records: 0,
    troubled: 0,
  }));
  for (const minute of minutes) {
    const bucket = filled[Math.floor((Date.parse(minute.minute) - start) / width)];
    if (!bucket) continue;
    bucket.records += Number(minute.records);
    bucket.troubled += Number(minute.rejected) + Number(minute.lost);
  }
  return filled;
}

export interface Mark {
  x: number;
  width: number;
  gap: Gap;
}

/** Places gaps on a line of `length`; the shortest one is still wide enough to be seen. */
export function marks(
  gaps: readonly Gap[],
  from: string,
  until: string,
  length: number,
  widthMin: number,
): Mark[] {
  const start = Date.parse(from);
  const scale = length / (Date.parse(until) - start);
  return gaps.flatMap((gap) => {
    const left = Math.max(0, (Date.parse(gap.from) - start) * scale);
    const right = Math.min(length, (Date.parse(gap.until) - start) * scale);
    if (right <= 0 || left >= length) return [];
    const width = Math.max(right - left, widthMin);
    return [{ x: Math.min(left, length - width), width, gap }];
  });
}

export function seconds(gap: Gap): number {
  return (Date.parse(gap.until) - Date.parse(gap.from)) / 1000;
}
