// Values that come from the server. While a new one is on its way the old one stays on the page.
import { Problem } from './client';

export class Loaded<T> {
  value = $state.raw<T>();
  problem = $state.raw<Problem>();
  busy = $state(true);
  #turn = $state(0);

  get turn() {
    return this.#turn;
  }

  again = () => {
    this.#turn += 1;
  };
}

/** Loads now and whenever something that `ask` reads before its first `await` changes. */
export function load<T>(ask: () => Promise<T> | undefined): Loaded<T> {
  const loaded = new Loaded<T>();
  $effect(() => {
    let current = true;
    void loaded.turn;
    const asked = ask();
    if (!asked) return;
    loaded.busy = true;
    asked.then(
      (value) => {
        if (!current) return;
        loaded.value = value;
        loaded.problem = undefined;
        loaded.busy = false;
      },
      (cause: unknown) => {
        if (!current) return;
        loaded.problem = problemOf(cause);
        loaded.busy = false;
      },
    );
    return () => {
      current = false;
    };
  });
  return loaded;
}

export function problemOf(cause: unknown): Problem {
  if (cause instanceof Problem) return cause;
  return new Problem(0, 'console', cause instanceof Error ? cause.message : String(cause));
}

interface Page<T> {
  items: T[];
  next?: string | null;
}

export class Pages<T> {
  items = $state.raw<T[]>();
  next = $state<string>();
  problem = $state.raw<Problem>();
  busy = $state(true);
  #turn = $state(0);
  ask: (cursor?: string) => Promise<Page<T>> = async () => ({ items: [] });

  get turn() {
    return this.#turn;
  }

  again = () => {
    this.#turn += 1;
  };

  more = async () => {
    if (!this.next || this.busy) return;
    this.busy = true;
    const turn = this.#turn;
    try {
      const page = await this.ask(this.next);
      if (turn !== this.#turn) return;
      this.items = [...(this.items ?? []), ...page.items];
      this.next = page.next ?? undefined;
    } catch (cause) {
      this.problem = problemOf(cause);
    }
    this.busy = false;
  };
}

/** Loads a list page by page; starts over when something that `prepare` reads changes. */
export function loadPages<T>(prepare: () => (cursor?: string) => Promise<Page<T>>): Pages<T> {
  const pages = new Pages<T>();
  const first = load<Page<T>>(() => {
    void pages.turn;
    pages.ask = prepare();
    return pages.ask();
  });
  $effect(() => {
    pages.busy = first.busy;
    pages.problem = first.problem;
    if (!first.value) return;
    pages.items = first.value.items;
    pages.next = first.value.next ?? undefined;
  });
  return pages;
}
