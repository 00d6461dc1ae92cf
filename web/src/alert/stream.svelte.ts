// Alerts as they become durable. One connection a browser: the tab that holds the lock listens and
// tells the others, because browsers allow few connections to one server.
import { api } from '../api/client';
import type { AlertItem } from '../api/types';
import { session } from '../session/session.svelte';

export type StreamState = 'connecting' | 'live' | 'lost';

type Message =
  { kind: 'alert'; item: AlertItem } | { kind: 'state'; state: StreamState } | { kind: 'ask' };

const RETRY_MS = 3000;
const LOST_MS = 6000;
const NAME = 'sockeye-feed';

class Stream {
  state = $state<StreamState>('connecting');
  /** Alerts heard since the page was opened. */
  heard = $state(0);
  #listeners = new Set<(item: AlertItem) => void>();
  #resumed = new Set<() => void>();
  #channel: BroadcastChannel | undefined;
  #leading = false;

  /** Calls `hear` for each alert, and `resume` when some may have been missed. */
  listen(hear: (item: AlertItem) => void, resume: () => void): () => void {
    this.#listeners.add(hear);
    this.#resumed.add(resume);
    return () => {
      this.#listeners.delete(hear);
      this.#resumed.delete(resume);
    };
  }

  start() {
    if (this.#channel) return;
    this.#channel = new BroadcastChannel(NAME);
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => this.#take(data);
    this.#channel.postMessage({ kind: 'ask' } satisfies Message);
    if (!navigator.locks) return this.#connect();
    // Held until the tab closes; then the next tab in line takes over.
    void navigator.locks.request(NAME, () => {
      this.#connect();
      return new Promise(() => undefined);
    });
  }

  #take(message: Message) {
    if (message.kind === 'ask') {
      if (this.#leading)
        this.#channel?.postMessage({ kind: 'state', state: this.state } satisfies Message);
    } else if (message.kind === 'alert') this.#hear(message.item);
    else this.#become(message.state);
  }

  #hear(item: AlertItem) {
    this.heard += 1;
    for (const hear of this.#listeners) hear(item);
  }

  #become(state: StreamState) {
    const back = state === 'live' && this.state !== 'live';
    this.state = state;
    if (back) for (const resume of this.#resumed) resume();
  }

  #tell(state: StreamState) {
    this.#become(state);
    this.#channel?.postMessage({ kind: 'state', state } satisfies Message);
  }

  #connect() {
    this.#leading = true;
    const events = new EventSource('/v1/feed');
    let late: ReturnType<typeof setTimeout> | undefined;
    events.onopen = () => {
      clearTimeout(late);
      late = undefined;
      this.#tell('live');
    };
    events.addEventListener('alert', (event: MessageEvent<string>) => {
      const item = JSON.parse(event.data) as AlertItem;
      this.#hear(item);
      this.#channel?.postMessage({ kind: 'alert', item } satisfies Message);
    });
    // A stream ends now and then, also when we were too slow for it. The browser comes again by
    // itself and names the last position it heard, so nothing is missed; only a long silence is
    // worth telling.
    events.onerror = () => {
      if (events.readyState === EventSource.CLOSED) {
        clearTimeout(late);
        this.#reconnect(events);
      } else late ??= setTimeout(() => this.#tell('lost'), LOST_MS);
    };
  }

  #reconnect(events: EventSource) {
    events.close();
    this.#tell('lost');
    setTimeout(async () => {
      const reply = await api.GET('/v1/me').catch(() => undefined);
      if (reply?.response.status === 401) session.end();
      this.#connect();
    }, RETRY_MS);
  }
}

export const stream = new Stream();
