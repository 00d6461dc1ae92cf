// From an entry of the trail, `block.entry`, to the alert of a finding in it.
import { answer, api } from '../api/client';

const LIMIT = 500;
const PAGES_MAX = 20;

/**
 * Returns the position of the finding's alert within the entry; one event may have raised alerts of
 * several rules. Falls back to the first of the entry.
 */
export async function alertAt(entry: string, finding: string): Promise<string> {
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const params = { path: { id: finding }, query: { limit: LIMIT, cursor } };
    const alerts = await answer(api.GET('/v1/findings/{id}/alerts', { params }));
    const found = alerts.items.find((item) => item.position.startsWith(`${entry}.`));
    if (found) return found.position;
    cursor = alerts.next ?? undefined;
    if (!cursor) break;
  }
  return `${entry}.0`;
}
