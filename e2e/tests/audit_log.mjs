// What the API server says that happened: its own audit log, read without any of our code.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/**
 * Returns the ids (`auditID/stage`) of the events in the files; `before` is a point in time.
 *
 * An API server that is told to stop closes its webhook some milliseconds before its log, so what
 * the webhook must have brought is what happened before it was told.
 */
export async function eventIds(files, { before = Infinity } = {}) {
  const ids = new Set();
  for (const { path } of files) {
    for await (const line of createInterface({ input: createReadStream(path) })) {
      const { auditID, stage, stageTimestamp } = JSON.parse(line);
      if (Date.parse(stageTimestamp) < before) ids.add(`${auditID}/${stage}`);
    }
  }
  return ids;
}

/** Counts alerts by the name of their rule. */
export function countByRule(alerts) {
  const counts = {};
  for (const { rule } of alerts) counts[rule] = (counts[rule] ?? 0) + 1;
  return counts;
}
