// For each of our Kubernetes audit rules, what somebody does at the cluster that it must see:
// real kubectl against the real API server. A refused act is audited too.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { until } from './sockeye.mjs';

const openssl = (...args) => promisify(execFile)('openssl', args);

const pod = (name, spec, container = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: {
    containers: [{ name: 'shop', image: 'registry.example.com/shop:1', ...container }],
    ...spec,
  },
});

const privileged = { securityContext: { privileged: true } };

/** By the name of the rule, in the order in which they are done: later ones stand on earlier. */
export const acts = {
  'Privileged container admitted': async (cluster) => {
    await cluster.create(pod('privileged', {}, privileged));
    const setup = { name: 'setup', image: 'registry.example.com/setup:1', ...privileged };
    await cluster.create(pod('privileged-init', { initContainers: [setup] }));
    await cluster.create(pod('plain', {}));
    const debug = { name: 'debug', image: 'busybox', ...privileged };
    await cluster.kubectl(
      'patch', 'pod', 'plain', '--subresource=ephemeralcontainers', '--type=strategic',
      `--patch=${JSON.stringify({ spec: { ephemeralContainers: [debug] } })}`,
    );
  },
  'Host path mounted': (cluster) =>
    cluster.create(pod('host-path', { volumes: [{ name: 'root', hostPath: { path: '/' } }] })),
  'Session opened in a container': (cluster) =>
    refused(cluster.kubectl('exec', 'plain', '--', 'id')),
  'Wildcard put into a role': (cluster) =>
    cluster.kubectl('create', 'clusterrole', 'everything', '--verb=*', '--resource=*'),
  'Cluster-admin granted': (cluster) =>
    cluster.kubectl(
      'create', 'clusterrolebinding', 'grace-is-admin', '--clusterrole=cluster-admin',
      '--user=grace@example.com',
    ),
  'Secret read': async (cluster) => {
    await cluster.kubectl('create', 'secret', 'generic', 'payroll', '--from-literal=key=e2e');
    await cluster.kubectl('get', 'secret', 'payroll', '--output=yaml');
  },
  'Anonymous access': async (cluster) => {
    await cluster.kubectl(
      'create', 'clusterrole', 'price-list', '--verb=get', '--non-resource-url=/metrics',
    );
    await cluster.kubectl(
      'create', 'clusterrolebinding', 'prices-for-all', '--clusterrole=price-list',
      '--group=system:unauthenticated',
    );
    const answer = () => cluster.askAnonymously('/metrics');
    await until('a stranger is let in', async () => (await answer()) === 200);
  },
  'Client certificate requested or approved': async (cluster) => {
    await cluster.create(await certificateRequest(cluster.dir));
    await cluster.kubectl('certificate', 'approve', 'grace');
  },
  'Admission control removed': async (cluster) => {
    await cluster.create({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'image-policy' },
      webhooks: [],
    });
    await cluster.kubectl('delete', 'validatingwebhookconfiguration', 'image-policy');
  },
  'Events deleted': async (cluster) => {
    await cluster.create({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'started', namespace: 'default' },
      involvedObject: { kind: 'Pod', namespace: 'default', name: 'plain' },
      reason: 'Started',
      message: 'Started container shop',
      type: 'Normal',
    });
    await cluster.kubectl('delete', 'events', '--all', '--namespace=default');
  },
};

async function refused(attempt) {
  const answer = await attempt.then(
    () => 'done',
    () => 'refused',
  );
  if (answer === 'done') throw new Error('the API server did what it should have refused');
}

async function certificateRequest(dir) {
  const key = join(dir, 'grace.key');
  const request = join(dir, 'grace.csr');
  await openssl(
    'req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', request,
    '-subj', '/O=payroll/CN=grace@example.com',
  );
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'grace' },
    spec: {
      request: (await readFile(request)).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
    },
  };
}
