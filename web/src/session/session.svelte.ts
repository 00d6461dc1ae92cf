// Who is signed in. A request that is refused for want of a session ends it here.
import type { Me } from '../api/types';

class Session {
  me = $state.raw<Me>();
  state = $state<'unknown' | 'in' | 'out'>('unknown');

  begin(me: Me) {
    this.me = me;
    this.state = 'in';
  }

  end() {
    this.me = undefined;
    this.state = 'out';
  }

  may(scope: Me['scopes'][number]): boolean {
    return this.me?.scopes.includes(scope) ?? false;
  }
}

export const session = new Session();
