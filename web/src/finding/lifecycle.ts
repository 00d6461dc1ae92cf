// The lifecycle of a finding: which steps are possible when, and how they are said.
import type { Action, FindingStatus, Verdict } from '../api/types';

export const STATUS_WORDS: Record<FindingStatus, string> = {
  open: 'Open',
  acknowledged: 'Acknowledged',
  accepted: 'Accepted',
  resolved: 'Resolved',
};

export const VERDICT_WORDS: Record<Verdict, string> = {
  true_positive: 'True positive',
  benign: 'Benign',
  false_positive: 'False positive',
};

export const VERDICT_MEANINGS: Record<Verdict, string> = {
  true_positive: 'A real breach or attack.',
  benign: 'It happened, and was allowed.',
  false_positive: 'The rule was wrong.',
};

export const ACTION_WORDS: Record<Action, { do: string; done: string; key: string; help: string }> =
  {
    acknowledge: {
      do: 'Acknowledge',
      done: 'acknowledged',
      key: 'a',
      help: 'Acknowledge the shown finding',
    },
    resolve: { do: 'Resolve', done: 'resolved', key: 'x', help: 'Resolve the shown finding' },
    accept: {
      do: 'Accept risk',
      done: 'accepted the risk',
      key: 'c',
      help: 'Accept the risk of the shown finding',
    },
    reopen: { do: 'Reopen', done: 'reopened', key: 'o', help: 'Reopen the shown finding' },
  };

const STEPS: Record<FindingStatus, readonly Action[]> = {
  open: ['acknowledge', 'resolve', 'accept'],
  acknowledged: ['resolve', 'accept', 'reopen'],
  accepted: ['resolve', 'reopen'],
  resolved: ['reopen'],
};

export function steps(status: FindingStatus): readonly Action[] {
  return STEPS[status];
}

/** Returns the RFC 3339 instant at which the chosen day ends, in UTC. */
export function endOf(day: string): string {
  return `${day}T23:59:59Z`;
}
