// What an entry of the trail is, in words, and where the console shows more of it.
import type { TrailEntry } from '../api/types';

export const KIND_WORDS: Record<string, string> = {
  event: 'Record of an audit source',
  rejected: 'Record that was refused',
  status: 'What a source did in one minute',
  decision: 'Decision about a finding',
  rules: 'Rules that came into force',
  administration: 'Act of administration',
  start: 'Start of the service',
  activity: 'What happened on a node',
  canary: 'Harmless act planted to be told of',
  hole: 'Entries of a node that never came',
};

export interface Lead {
  href: string;
  text: string;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Pages that an entry belongs to. */
export function leads(entry: Pick<TrailEntry, 'kind' | 'position' | 'entry'>): Lead[] {
  const kept = entry.entry as Record<string, unknown>;
  switch (entry.kind) {
    case 'event': {
      const alerts = Array.isArray(kept.alerts) ? (kept.alerts as { rule?: unknown }[]) : [];
      return alerts.map((alert, at) => ({
        href: `/feed/${entry.position}.${at}`,
        text: `Alert: ${text(alert.rule)}`,
      }));
    }
    case 'decision':
      return [{ href: `/findings/${encodeURIComponent(text(kept.finding))}`, text: 'Finding' }];
    case 'status':
    case 'canary':
    case 'rejected':
      return [{ href: '/sources', text: 'Sources' }];
    case 'hole':
      return [{ href: '/nodes', text: 'Nodes' }];
    case 'rules':
      return [{ href: '/rules', text: 'Rules in force now' }];
    case 'activity':
      return [{ href: `/activity?node=${encodeURIComponent(text(kept.node))}`, text: 'Activity' }];
    case 'administration':
      return [{ href: '/administration', text: 'Administration' }];
    default:
      return [];
  }
}
