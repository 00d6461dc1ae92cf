#!/usr/bin/env node
// Starts a control plane, with --node a node too, and keeps it until SIGINT or SIGTERM.
//
//   node start.mjs [--dir DIR] [--webhook FILE] [--log-size-mb N] [--node]
//
// FILE is what `sockeye serve` writes for kube-apiserver. Prints one line of JSON when the API
// server is ready: kubeconfig, server, audit log, the directory of kubectl, and the pids.

import { parseArgs } from 'node:util';

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { missing as missingNode, Node } from '../node/node.mjs';
import { Cluster, missing } from './cluster.mjs';

const { values } = parseArgs({
  options: {
    dir: { type: 'string' },
    webhook: { type: 'string' },
    'log-size-mb': { type: 'string' },
    node: { type: 'boolean' },
  },
});

const reason = await (values.node ? missingNode() : missing());
if (reason) {
  console.error(`cluster/start: ${reason}`);
  process.exit(3);
}

const options = {
  dir: values.dir,
  logSizeMb: values['log-size-mb'] ? Number(values['log-size-mb']) : undefined,
  webhook: values.webhook,
};
const temporary = values.node && !values.dir && (await mkdtemp(join(tmpdir(), 'sockeye-node-')));
const node = values.node && (await Node.start({ ...options, dir: values.dir ?? temporary }));
const cluster = node ? node.cluster : await Cluster.start(options);
const programs = [...cluster.programs, ...(node ? node.programs : [])];

console.log(
  JSON.stringify({
    kubeconfig: cluster.kubeconfig,
    server: cluster.server,
    auditLog: cluster.auditLog,
    bin: cluster.bin,
    pids: Object.fromEntries(programs.map(({ name, pid }) => [name, pid])),
  }),
);

const end = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => resolve('asked'));
  for (const program of programs) program.ended.then(() => resolve(program));
});
const cause = await end;
await (node || cluster).stop();
if (temporary) await rm(temporary, { recursive: true, force: true });
if (cause !== 'asked') {
  console.error(`cluster/start: ${cause.name} ended by itself`);
  process.exit(1);
}
