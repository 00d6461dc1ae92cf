// Times as people read them. Input is RFC 3339 text; nanoseconds beyond milliseconds are kept in
// titles only.
import type { Zone } from '../shell/preference.svelte';

const two = (n: number) => String(n).padStart(2, '0');
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

function parts(date: Date, zone: Zone): Parts {
  if (zone === 'utc')
    return {
      year: date.getUTCFullYear(),
      month: date.getUTCMonth(),
      day: date.getUTCDate(),
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
      second: date.getUTCSeconds(),
    };
  return {
    year: date.getFullYear(),
    month: date.getMonth(),
    day: date.getDate(),
    hour: date.getHours(),
    minute: date.getMinutes(),
    second: date.getSeconds(),
  };
}

/** `14:03:27` */
export function clock(text: string, zone: Zone): string {
  const p = parts(new Date(text), zone);
  return `${two(p.hour)}:${two(p.minute)}:${two(p.second)}`;
}

/** `14:03` */
export function minute(text: string, zone: Zone): string {
  return clock(text, zone).slice(0, 5);
}

/** `22 Nov`, with the year unless it is this one. */
export function day(text: string, zone: Zone, now: Date): string {
  const p = parts(new Date(text), zone);
  const year = p.year === parts(now, zone).year ? '' : ` ${p.year}`;
  return `${p.day} ${MONTHS[p.month]}${year}`;
}

/** `22 Nov 14:03` */
export function stamp(text: string, zone: Zone, now: Date): string {
  return `${day(text, zone, now)} ${minute(text, zone)}`;
}

/** `22 Nov 14:03 – 14:20`; the day is said again only when it is another. */
export function range(from: string, until: string, zone: Zone, now: Date): string {
  const end =
    day(from, zone, now) === day(until, zone, now) ? minute(until, zone) : stamp(until, zone, now);
  return `${stamp(from, zone, now)} – ${end}`;
}

const MOMENT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/** A sentence of the server's with its times as people read them. */
export function readable(text: string, zone: Zone, now: Date): string {
  return text.replace(MOMENT, (moment) => stamp(moment, zone, now));
}

/** `2026-11-22` */
export function isoDay(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** `4 m`, `3 h`, `12 d`: coarse on purpose, the exact time is beside it or in its title. */
export function ago(text: string, now: Date): string {
  const seconds = (now.getTime() - Date.parse(text)) / 1000;
  if (seconds < -5) return 'in the future';
  if (seconds < 60) return 'just now';
  return `${span(seconds)} ago`;
}

/** `50 s`, `4 m`, `3 h 20 m`, `12 d` */
export function span(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  const m = Math.floor(s / 60);
  if (m < 60) return `${m} m`;
  const h = Math.floor(m / 60);
  if (h < 24) return m % 60 && h < 10 ? `${h} h ${m % 60} m` : `${h} h`;
  const d = Math.floor(h / 24);
  return h % 24 && d < 3 ? `${d} d ${h % 24} h` : `${d} d`;
}
