// Names that several pages offer to choose from: rules and criteria. Loaded once, when needed.
import { answer, api } from '../api/client';
import type { Criterion, RuleItem } from '../api/types';

class Known {
  rules = $state.raw<RuleItem[]>([]);
  criteria = $state.raw<Criterion[]>([]);
  #asked = false;

  need() {
    if (this.#asked) return;
    this.#asked = true;
    answer(api.GET('/v1/rules')).then(
      (rules) => (this.rules = rules.items),
      () => (this.#asked = false),
    );
    answer(api.GET('/v1/criteria')).then(
      (criteria) => (this.criteria = criteria.items),
      () => (this.#asked = false),
    );
  }
}

export const known = new Known();
