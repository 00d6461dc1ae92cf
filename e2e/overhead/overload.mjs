// More is offered than can be taken: what is lost is counted to the record.

import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { Sensor } from './sensor.mjs';

/** A rule for a call that nothing else on a machine makes: each one seen is an alert. */
const rule = `
- rule: Storm
  desc: Counts the calls of the load.
  condition: evt.type = swapoff
  output: storm of %proc.name (%proc.pid)
  priority: DEBUG
`;

/** Offers it, and says whether each call is told of or counted as lost. */
export async function overload({ binary, dir, step, rules, loads, count }) {
  const storm = join(dir, 'storm.yaml');
  await writeFile(storm, rule);
  const sensor = await Sensor.start(binary, dir, { step, rules: [...rules, storm] });
  const processes = availableParallelism();
  const each = count(1_000_000);
  await Promise.all(Array.from({ length: processes }, () => loads.run('storm', each)));
  await sensor.idle();
  const summary = await sensor.stop();
  const offered = processes * each;
  const told = summary.alerts.Storm ?? 0;
  const lost = summary.lost_calls.swapoff ?? 0;
  return { step, offered, told, lost, exact: offered === told + lost, causes: summary.lost };
}
