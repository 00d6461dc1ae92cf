// The one door to the server. An answer is a value or a `Problem` with what to do about it.
import createClient from 'openapi-fetch';
import { session } from '../session/session.svelte';
import type { paths } from './schema';

export const api = createClient<paths>({ baseUrl: '/' });

/** What went wrong, in the server's words where it had any. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint?: string,
  ) {
    super(message);
  }
}

interface Reply {
  data?: unknown;
  error?: unknown;
  response: Response;
}

/** Waits for a reply and returns its value. Throws a `Problem`. */
export async function answer<R extends Reply>(call: Promise<R>): Promise<NonNullable<R['data']>> {
  let reply: R;
  try {
    reply = await call;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new Problem(
      0,
      'unreachable',
      'The server cannot be reached.',
      'Is `sockeye serve` running?',
    );
  }
  if (reply.response.ok) return reply.data as NonNullable<R['data']>;
  if (reply.response.status === 401) session.end();
  throw told(reply.error, reply.response.status);
}

function told(body: unknown, status: number): Problem {
  const error = (body as { error?: { code?: string; message?: string; hint?: string } } | undefined)
    ?.error;
  if (!error?.message) return new Problem(status, 'unknown', `The server answered ${status}.`);
  const text = error.message;
  return new Problem(
    status,
    error.code ?? 'unknown',
    text[0]?.toUpperCase() + text.slice(1),
    error.hint ?? undefined,
  );
}
