// How the API server audits: everything at RequestResponse level, to a log file that rotates
// and, where asked, to a webhook.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const policy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  rules: [{ level: 'RequestResponse' }],
};

/**
 * Writes policy and webhook configuration into `dir` and returns the API server's flags.
 *
 * The webhook's own limits are lifted: by default the API server sends ten batches a second
 * and drops what does not fit its buffer. Its retries stay: five tries, here from one second.
 *
 * @param {string} dir
 * @param {{ log: string, logSizeMb?: number, webhook?: Webhook }} options
 * @typedef {string | { url: string, token: string }} Webhook a file for the API server, or where to
 *   deliver
 */
export async function auditFlags(dir, { log, logSizeMb = 100, webhook }) {
  const policyFile = join(dir, 'audit-policy.json');
  await writeFile(policyFile, JSON.stringify(policy));
  const flags = [
    `--audit-policy-file=${policyFile}`,
    `--audit-log-path=${log}`,
    `--audit-log-maxsize=${logSizeMb}`,
  ];
  if (!webhook) return flags;
  return [
    ...flags,
    `--audit-webhook-config-file=${await webhookFile(dir, webhook)}`,
    '--audit-webhook-mode=batch',
    '--audit-webhook-batch-max-wait=500ms',
    '--audit-webhook-batch-throttle-enable=false',
    '--audit-webhook-batch-buffer-size=100000',
    '--audit-webhook-initial-backoff=1s',
  ];
}

async function webhookFile(dir, webhook) {
  if (typeof webhook === 'string') return webhook;
  const file = join(dir, 'audit-webhook.json');
  await writeFile(file, JSON.stringify(receiver(webhook)), { mode: 0o600 });
  return file;
}

const receiver = ({ url, token }) => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'sockeye',
  clusters: [{ name: 'sockeye', cluster: { server: url } }],
  contexts: [{ name: 'sockeye', context: { cluster: 'sockeye', user: 'audit' } }],
  users: [{ name: 'audit', user: { token } }],
});
