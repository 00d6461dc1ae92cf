// Audit events as a kube-apiserver would send them, and how to deliver them.
import { randomUUID } from 'node:crypto';

const BASE = {
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'RequestResponse',
  stage: 'ResponseComplete',
  sourceIPs: ['192.0.2.10'],
  userAgent: 'kubectl/v1.31.2 (linux/amd64) kubernetes/5864a46',
  annotations: {
    'authorization.k8s.io/decision': 'allow',
    'authorization.k8s.io/reason': '',
  },
};

function event(user, change) {
  const now = new Date().toISOString().replace('Z', '000Z');
  return {
    ...BASE,
    auditID: randomUUID(),
    user: { username: user, groups: ['system:authenticated'] },
    requestReceivedTimestamp: now,
    stageTimestamp: now,
    ...change,
  };
}

export function execIntoPod(user, namespace, pod) {
  return event(user, {
    stage: 'ResponseStarted',
    verb: 'create',
    requestURI: `/api/v1/namespaces/${namespace}/pods/${pod}/exec?command=sh&stdin=true&tty=true`,
    objectRef: {
      resource: 'pods',
      namespace,
      name: pod,
      apiVersion: 'v1',
      subresource: 'exec',
    },
    responseStatus: { metadata: {}, code: 101 },
  });
}

export function createPrivilegedPod(user, namespace, pod) {
  const spec = {
    containers: [
      {
        name: 'app',
        image: 'registry.example/shop/app:1.4.2',
        securityContext: { privileged: true },
      },
    ],
  };
  const body = {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: pod, namespace },
    spec,
  };
  return event(user, {
    verb: 'create',
    requestURI: `/api/v1/namespaces/${namespace}/pods`,
    objectRef: { resource: 'pods', namespace, name: pod, apiVersion: 'v1' },
    responseStatus: { metadata: {}, code: 201 },
    requestObject: body,
    responseObject: body,
  });
}

export function grantClusterAdmin(user, binding, to) {
  const body = {
    kind: 'ClusterRoleBinding',
    apiVersion: 'rbac.authorization.k8s.io/v1',
    metadata: { name: binding },
    roleRef: {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'ClusterRole',
      name: 'cluster-admin',
    },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: to }],
  };
  return event(user, {
    verb: 'create',
    requestURI: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    objectRef: {
      resource: 'clusterrolebindings',
      name: binding,
      apiGroup: 'rbac.authorization.k8s.io',
      apiVersion: 'v1',
    },
    responseStatus: { metadata: {}, code: 201 },
    requestObject: body,
    responseObject: body,
  });
}

export function listPods(user, namespace) {
  return event(user, {
    level: 'Metadata',
    verb: 'list',
    requestURI: `/api/v1/namespaces/${namespace}/pods?limit=500`,
    objectRef: { resource: 'pods', namespace, apiVersion: 'v1' },
    responseStatus: { metadata: {}, code: 200 },
  });
}

/** Delivers events in one batch, as the API server's audit webhook does. */
export async function deliver(url, secret, events) {
  const reply = await fetch(`${url}/k8s-audit`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${secret}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      kind: 'EventList',
      apiVersion: 'audit.k8s.io/v1',
      metadata: {},
      items: events,
    }),
  });
  if (!reply.ok) throw new Error(`delivery was answered ${reply.status}: ${await reply.text()}`);
  return reply.json();
}
