import type { Scope } from '../api/types';

export const SCOPES: readonly { scope: Scope; means: string }[] = [
  { scope: 'intake', means: 'Deliver records. For an API server’s audit webhook.' },
  { scope: 'read', means: 'Look at everything but tokens.' },
  { scope: 'decide', means: 'Decide about findings.' },
  { scope: 'admin', means: 'Create and revoke tokens.' },
];
