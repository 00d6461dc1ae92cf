#!/usr/bin/env node
// Starts a control plane and keeps it until SIGINT or SIGTERM.
//
//   node start.mjs [--dir DIR] [--webhook FILE] [--log-size-mb N]
//
// FILE is what `sockeye serve` writes for kube-apiserver. Prints one line of JSON when the API
// server is ready: kubeconfig, server, audit log, the directory of kubectl, and the pids.

import { parseArgs } from 'node:util';

import { Cluster, missing } from './cluster.mjs';

const { values } = parseArgs({
  options: {
    dir: { type: 'string' },
    webhook: { type: 'string' },
    'log-size-mb': { type: 'string' },
  },
});

const reason = await missing();
if (reason) {
  console.error(`cluster/start: ${reason}`);
  process.exit(3);
}

const cluster = await Cluster.start({
  dir: values.dir,
  logSizeMb: values['log-size-mb'] ? Number(values['log-size-mb']) : undefined,
  webhook: values.webhook,
});

console.log(
  JSON.stringify({
    kubeconfig: cluster.kubeconfig,
    server: cluster.server,
    auditLog: cluster.auditLog,
    bin: cluster.bin,
    pids: Object.fromEntries(cluster.programs.map(({ name, pid }) => [name, pid])),
  }),
);

const end = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => resolve('asked'));
  for (const program of cluster.programs) program.ended.then(() => resolve(program));
});
const cause = await end;
await cluster.stop();
if (cause !== 'asked') {
  console.error(`cluster/start: ${cause.name} ended by itself`);
  process.exit(1);
}
