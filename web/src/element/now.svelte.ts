// The present, to the quarter minute, for "4 m ago" and for periods that end now.
class Now {
  date = $state(new Date());
}

export const now = new Now();

const TICK_MS = 15_000;
setInterval(() => (now.date = new Date()), TICK_MS);
