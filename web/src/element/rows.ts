// Moves the keyboard focus along the rows of a list.

/** Focuses the row `by` steps from the focused or chosen one, and returns it. */
export function step(list: HTMLElement | undefined, by: number): HTMLElement | undefined {
  if (!list) return undefined;
  const rows = [...list.querySelectorAll<HTMLElement>('[data-row]')];
  const focused = rows.indexOf(document.activeElement as HTMLElement);
  const from =
    focused >= 0 ? focused : rows.findIndex((row) => row.getAttribute('aria-current') === 'true');
  const row = rows[Math.min(Math.max(from + by, 0), rows.length - 1)];
  row?.focus();
  row?.scrollIntoView({ block: 'nearest' });
  return row;
}
