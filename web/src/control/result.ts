// Results of controls and what the matrix says of a criterion. A result is never two-valued.
import type { Criterion, Outcome } from '../api/types';

export const OUTCOMES: readonly Outcome[] = [
  'fail',
  'error',
  'not-tested',
  'manual',
  'inherited',
  'not-applicable',
  'pass',
];

export const OUTCOME_WORDS: Record<Outcome, string> = {
  pass: 'pass',
  fail: 'fail',
  error: 'error',
  'not-tested': 'not tested',
  'not-applicable': 'not applicable',
  inherited: 'inherited',
  manual: 'manual',
};

export const OUTCOME_MEANINGS: Record<Outcome, string> = {
  pass: 'Tested over the whole population, and no deviation was observed.',
  fail: 'At least one item of the population deviates.',
  error: 'The test could not be carried out.',
  'not-tested': 'There is no result, and the reason is given.',
  'not-applicable': 'It does not concern this environment; the reason is given.',
  inherited: 'A provider performs it; its own report shows how.',
  manual: 'A person must look; nobody has concluded yet.',
};

export type Aspect = 'design' | 'operation';

/** The least favourable result among a criterion's controls; without controls nothing is tested. */
export function standing(criterion: Criterion, aspect: Aspect): Outcome {
  const results = criterion.controls.map((control) => control[aspect].result);
  return OUTCOMES.find((outcome) => results.includes(outcome)) ?? 'not-tested';
}

/** Tells whether a criterion's design or operation has this result. */
export function stands(criterion: Criterion, outcome: Outcome): boolean {
  return [standing(criterion, 'design'), standing(criterion, 'operation')].includes(outcome);
}

/** The least favourable of both: a failed design is no better than a failed operation. */
export function gravest(criterion: Criterion): Outcome {
  return OUTCOMES.find((outcome) => stands(criterion, outcome)) ?? 'not-tested';
}

export interface Series {
  id: string;
  name: string;
  criteria: Criterion[];
}

const SERIES: readonly [string, string][] = [
  ['CC1', 'Control environment'],
  ['CC2', 'Communication and information'],
  ['CC3', 'Risk assessment'],
  ['CC4', 'Monitoring activities'],
  ['CC5', 'Control activities'],
  ['CC6', 'Logical and physical access'],
  ['CC7', 'System operations'],
  ['CC8', 'Change management'],
  ['CC9', 'Risk mitigation'],
  ['A1', 'Availability'],
  ['C1', 'Confidentiality'],
  ['PI1', 'Processing integrity'],
  ['P', 'Privacy'],
];

/** Groups criteria by series, in the order of the catalogue; what fits none is not lost. */
export function series(criteria: readonly Criterion[]): Series[] {
  const groups = new Map<string, Series>(
    SERIES.map(([id, name]) => [id, { id, name, criteria: [] }]),
  );
  for (const criterion of criteria) {
    const prefix = criterion.id.split('.')[0] ?? '';
    const id = groups.has(prefix) ? prefix : /^P\d/.test(prefix) ? 'P' : prefix;
    const group = groups.get(id) ?? { id, name: criterion.category, criteria: [] };
    group.criteria.push(criterion);
    groups.set(id, group);
  }
  return [...groups.values()].filter((group) => group.criteria.length > 0);
}
