// What the feed shows: newest first, each position once, never more than a bound.
import type { AlertItem, Severity, Subject } from '../api/types';
import { compare } from './position';
import { SEVERITIES } from './severity';

/** Rows kept on the page; older ones are one page further. */
export const ROWS_MAX = 500;

export function merge(
  rows: readonly AlertItem[],
  more: readonly AlertItem[],
  max = ROWS_MAX,
): AlertItem[] {
  const at = new Map<string, AlertItem>();
  for (const item of rows) at.set(item.position, item);
  for (const item of more) at.set(item.position, item);
  return [...at.values()].sort((a, b) => compare(b.position, a.position)).slice(0, max);
}

export interface Filter {
  severity?: string;
  rule?: string;
  source?: string;
  criterion?: string;
  text?: string;
}

/** Takes the filter out of an address; words that are no severity are dropped. */
export function filterOf(query: Record<string, string>): Filter {
  const filter: Filter = {};
  if (SEVERITIES.includes(query.severity as Severity)) filter.severity = query.severity;
  for (const name of ['rule', 'source', 'criterion', 'text'] as const)
    if (query[name]) filter[name] = query[name];
  return filter;
}

/** Tells whether a streamed alert passes the filter, exactly as the server filters a list. */
export function matches(item: AlertItem, filter: Filter): boolean {
  const { alert } = item;
  if (
    filter.severity &&
    SEVERITIES.indexOf(alert.priority) > SEVERITIES.indexOf(filter.severity as Severity)
  )
    return false;
  if (filter.rule && alert.rule !== filter.rule) return false;
  if (filter.source && alert.source !== filter.source) return false;
  if (filter.criterion && !alert.soc2.includes(filter.criterion)) return false;
  if (!filter.text) return true;
  const text = filter.text.toLowerCase();
  return [alert.output, ...Object.values(alert.subject)].some((part) =>
    part?.toLowerCase().includes(text),
  );
}

/** The output line without Falco's time and severity in front, which stand beside it anyway. */
export function said(output: string): string {
  return output.replace(/^\d\d:\d\d:\d\d\.\d+: [A-Z][a-z]+ /, '');
}

const SERVICE_ACCOUNT = 'system:serviceaccount:';

/** Who acted, short enough for a list: what tells service accounts apart stands at their end. */
export function who(subject: Subject): string {
  const { principal } = subject;
  if (!principal) return '—';
  return principal.startsWith(SERVICE_ACCOUNT)
    ? `sa:${principal.slice(SERVICE_ACCOUNT.length)}`
    : principal;
}

const VERB_FIELDS = ['ka.verb', 'evt.type', 'ct.name', 'okta.evt.type', 'github.action'];

/** What was done, where the output names it: `create`. */
export function verb(item: AlertItem): string {
  for (const field of VERB_FIELDS) {
    const value = item.alert.output_fields[field];
    if (typeof value === 'string') return value;
  }
  return '';
}

/** What it was done to: `shop / pods/web-1`. */
export function object(subject: Subject): string {
  const place = [subject.node, subject.namespace].filter(Boolean);
  const thing = subject.workload ?? (subject.pod ? `pods/${subject.pod}` : undefined);
  const inner = [subject.container, subject.process].filter(Boolean);
  return (
    [...place, thing, ...inner].filter(Boolean).join(' / ') ||
    subject.image ||
    subject.cluster ||
    ''
  );
}
