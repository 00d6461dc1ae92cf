// Kinds of activity in words, and what the console asks for.
import type { ActivityItem, ActivityKind, InterruptionItem } from '../api/types';

export const KIND_WORDS: Record<ActivityKind, string> = {
  command: 'Command',
  session: 'Session',
  connection: 'Connection',
  write: 'Write',
  privilege: 'Privilege',
  module: 'Kernel',
};

export const KINDS = Object.keys(KIND_WORDS) as ActivityKind[];

/** What of an address filters activity. */
export const FILTERS = [
  'text',
  'node',
  'namespace',
  'pod',
  'container',
  'user',
  'session',
  'from',
  'until',
] as const;

/** What of before an interruption may be missing for longer than nothing was watched. */
export function missing(one: {
  since?: InterruptionItem['since'];
  activity_missing_since?: InterruptionItem['activity_missing_since'];
  connections_missing_since?: InterruptionItem['connections_missing_since'];
}): { what: string; since: string }[] {
  const told = [
    { what: 'activity', since: one.activity_missing_since },
    { what: 'counts of connections', since: one.connections_missing_since },
  ];
  const second = (text: string) => Math.floor(Date.parse(text) / 1000);
  const silent = second(one.since ?? '');
  return told.flatMap(({ what, since }) =>
    since && second(since) < silent ? [{ what, since }] : [],
  );
}

export type Filter = Partial<Record<(typeof FILTERS)[number], string>> & { kind?: ActivityKind };

export function filterOf(query: Record<string, string>): Filter {
  const filter: Filter = {};
  for (const name of FILTERS) if (query[name]) filter[name] = query[name];
  const kind = KINDS.find((each) => each === query.kind);
  if (kind) filter.kind = kind;
  return filter;
}

/** Address of everything that one container did, or the node where there is none. */
export function addressOf(subject: ActivityItem['subject']): string | undefined {
  if (subject.container) return `/activity?container=${encodeURIComponent(subject.container)}`;
  if (subject.node) return `/activity?node=${encodeURIComponent(subject.node)}`;
  return undefined;
}

export function sessionAddress(id: string): string {
  return `/activity/sessions/${encodeURIComponent(id)}`;
}

/** Where something was done: the pod, the container, or the node. */
export function where(subject: ActivityItem['subject']): string {
  if (subject.pod) return subject.namespace ? `${subject.namespace}/${subject.pod}` : subject.pod;
  if (subject.container) return subject.container.slice(0, 12);
  return subject.node ?? '';
}

/** Who did it: the user, and who logged in where that is somebody else. */
export function who(item: Pick<ActivityItem, 'subject' | 'uid' | 'login'>): string {
  const user = item.subject.principal ?? `uid ${item.uid}`;
  return item.login && item.login !== user ? `${item.login} as ${user}` : user;
}

/** How it ended, where that is known and worth a word. */
export function ended(item: Pick<ActivityItem, 'exit' | 'command' | 'count' | 'failed'>): string {
  if (item.command?.error) return item.command.error;
  if (item.exit && item.exit !== 'code 0') return item.exit;
  if (item.failed !== '0') return item.failed === item.count ? 'failed' : `${item.failed} failed`;
  return item.exit ? 'ok' : '';
}
