// The test cluster's certificates, by openssl: one authority, the API server, one client
// certificate a user, and the key that signs service account tokens.

import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const openssl = (...args) => promisify(execFile)('openssl', args);

/** Who talks to the API server: context name, and the certificate's groups and user name. */
export const users = {
  admin: { group: 'system:masters', name: 'kubernetes-admin' },
  'controller-manager': { name: 'system:kube-controller-manager' },
  scheduler: { name: 'system:kube-scheduler' },
  node: { group: 'system:nodes', name: 'system:node:node-1' },
  developer: { group: 'developers', name: 'ada@example.com' },
};

/** Makes everything in `dir` and returns the paths' stem by name: `${stem}.crt`, `.key`. */
export async function makeCertificates(dir) {
  const at = (name) => join(dir, name);
  await key(at('ca.key'));
  await openssl(
    'req', '-x509', '-new', '-key', at('ca.key'), '-subj', '/CN=sockeye-e2e', '-days', '2',
    '-out', at('ca.crt'),
  );
  await signed(dir, 'apiserver', '/CN=kube-apiserver', [
    'extendedKeyUsage=serverAuth',
    'subjectAltName=IP:127.0.0.1,IP:10.0.0.1,DNS:localhost,DNS:kubernetes.default.svc',
  ]);
  for (const [context, { group, name }] of Object.entries(users)) {
    const subject = `${group ? `/O=${group}` : ''}/CN=${name}`;
    await signed(dir, context, subject, ['extendedKeyUsage=clientAuth']);
  }
  await key(at('service-account.key'));
  const [secret, shared] = [at('service-account.key'), at('service-account.pub')];
  await openssl('pkey', '-in', secret, '-pubout', '-out', shared);
}

const key = (path) =>
  openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', path);

async function signed(dir, name, subject, extensions) {
  const at = (suffix) => join(dir, `${name}.${suffix}`);
  await key(at('key'));
  await writeFile(at('ext'), extensions.join('\n') + '\n');
  await openssl('req', '-new', '-key', at('key'), '-subj', subject, '-out', at('csr'));
  await openssl(
    'x509', '-req', '-in', at('csr'), '-CA', join(dir, 'ca.crt'), '-CAkey', join(dir, 'ca.key'),
    '-CAcreateserial', '-days', '2', '-extfile', at('ext'), '-out', at('crt'),
  );
}

/** Writes a kubeconfig with a context a user, and `stranger`, who shows no certificate. */
export async function writeKubeconfig(path, dir, server) {
  const inline = async (name) => (await readFile(join(dir, name))).toString('base64');
  const contexts = [...Object.keys(users), 'stranger'];
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'admin',
    clusters: [
      { name: 'e2e', cluster: { server, 'certificate-authority-data': await inline('ca.crt') } },
    ],
    contexts: contexts.map((name) => ({ name, context: { cluster: 'e2e', user: name } })),
    users: await Promise.all(
      contexts.map(async (name) => ({
        name,
        user: name in users
          ? {
              'client-certificate-data': await inline(`${name}.crt`),
              'client-key-data': await inline(`${name}.key`),
            }
          : {},
      })),
    ),
  };
  await writeFile(path, JSON.stringify(config, null, 2), { mode: 0o600 });
}
