// What to type or save so that a first event arrives. Kept apart so that a test can read it.

const EVENT = {
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'RequestResponse',
  auditID: 'AUDIT_ID',
  // A session holds its connection, so it is told when it starts.
  stage: 'ResponseStarted',
  requestURI:
    '/api/v1/namespaces/default/pods/web-1/exec?command=sh&container=web&stdin=true&tty=true',
  verb: 'create',
  user: { username: 'alice', groups: ['system:authenticated'] },
  sourceIPs: ['192.0.2.10'],
  userAgent: 'kubectl',
  objectRef: {
    resource: 'pods',
    namespace: 'default',
    name: 'web-1',
    apiVersion: 'v1',
    subresource: 'exec',
  },
  responseStatus: { code: 101 },
  requestReceivedTimestamp: 'NOW',
  stageTimestamp: 'NOW',
};

/** One exec into a pod, told now: the shipped rules alert on it. */
export function curl(origin: string, secret: string): string {
  const event = JSON.stringify(EVENT)
    .replace('AUDIT_ID', `'"$(cat /proc/sys/kernel/random/uuid)"'`)
    .replaceAll('NOW', `'"$(date -u +%FT%T.000000Z)"'`);
  return [
    `curl --fail-with-body ${origin}/k8s-audit \\`,
    `  --header 'Authorization: Bearer ${secret}' \\`,
    `  --header 'Content-Type: application/json' \\`,
    `  --data '${event}'`,
  ].join('\n');
}

/**
 * The file for `--audit-webhook-config-file`. Over plain `http:`, as on the loopback, the API
 * server drops a token of its own accord but sends what stands in the address.
 */
export function webhook(origin: string, secret: string): string {
  const plain = origin.startsWith('http:');
  const server = plain ? origin.replace('//', `//audit:${secret}@`) : origin;
  const user = plain ? ' {}' : `\n      token: ${secret}`;
  return `apiVersion: v1
kind: Config
clusters:
  - name: sockeye
    cluster:
      server: ${server}/k8s-audit
users:
  - name: kube-apiserver
    user:${user}
contexts:
  - name: sockeye
    context:
      cluster: sockeye
      user: kube-apiserver
current-context: sockeye`;
}

export function policy(): string {
  return `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    resources:
      - group: ""
        resources: [secrets, configmaps]
  - level: RequestResponse`;
}
