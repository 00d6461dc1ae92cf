// What the API server says that happened: its own audit log, read without any of our code.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** Returns the ids (`auditID/stage`) of all events in the files, with how they end. */
export async function eventIds(files) {
  const ids = new Set();
  for (const { path } of files) {
    for await (const line of createInterface({ input: createReadStream(path) })) {
      const { auditID, stage } = JSON.parse(line);
      ids.add(`${auditID}/${stage}`);
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
