// The rows of the feed: a first page from the list, then what the stream brings, paused or not.
import { answer, api } from '../api/client';
import { problemOf } from '../api/load.svelte';
import type { Problem } from '../api/client';
import type { AlertItem, Severity } from '../api/types';
import { matches, merge, ROWS_MAX, type Filter } from './rows';

const PAGE = 100;
const BATCH_MS = 250;
/** More than so many at once are no news to be pointed at one by one. */
const FRESH_MAX = 12;

export class Feed {
  rows = $state.raw<AlertItem[]>();
  problem = $state.raw<Problem>();
  paused = $state(false);
  /** Alerts that came while paused; the newest of them are kept. */
  waiting = $state(0);
  /** Positions that came in last, for a short highlight. */
  fresh = $state.raw<ReadonlySet<string>>(new Set());
  #filter: Filter = {};
  #before: string | undefined;
  #inbox: AlertItem[] = [];
  #held: AlertItem[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;

  /** Starts over with a filter; `before` shows an older page, which stands still. */
  open(filter: Filter, before?: string) {
    this.#filter = filter;
    this.#before = before;
    this.#inbox = [];
    this.#held = [];
    this.waiting = 0;
    this.rows = undefined;
    void this.refresh();
  }

  refresh = async () => {
    const turn = (this.#turn += 1);
    try {
      const query = {
        ...this.#filter,
        severity: this.#filter.severity as Severity,
        limit: PAGE,
        before: this.#before,
      };
      const page = await answer(api.GET('/v1/alerts', { params: { query } }));
      if (turn !== this.#turn) return;
      this.problem = undefined;
      if (this.paused && this.rows) {
        const known = new Set(this.rows.map((row) => row.position));
        for (const item of page.items) if (!known.has(item.position)) this.#hold(item);
      } else this.rows = merge(this.rows ?? [], page.items);
    } catch (cause) {
      if (turn === this.#turn) this.problem = problemOf(cause);
    }
  };

  hear = (item: AlertItem) => {
    if (this.#before || !matches(item, this.#filter)) return;
    if (this.paused) return this.#hold(item);
    this.#inbox.push(item);
    if (this.#inbox.length > ROWS_MAX) this.#inbox.shift();
    this.#timer ??= setTimeout(this.#flush, BATCH_MS);
  };

  pause(paused: boolean) {
    this.paused = paused;
    if (paused) return;
    this.#inbox = [...this.#held, ...this.#inbox].slice(-ROWS_MAX);
    this.#held = [];
    this.waiting = 0;
    this.#flush();
  }

  #hold(item: AlertItem) {
    if (this.#held.some((held) => held.position === item.position)) return;
    this.#held.push(item);
    if (this.#held.length > ROWS_MAX) this.#held.shift();
    this.waiting += 1;
  }

  #flush = () => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#inbox.length === 0) return;
    const marked = this.#inbox.length <= FRESH_MAX ? this.#inbox : [];
    this.fresh = new Set(marked.map((item) => item.position));
    this.rows = merge(this.rows ?? [], this.#inbox);
    this.#inbox = [];
  };
}
