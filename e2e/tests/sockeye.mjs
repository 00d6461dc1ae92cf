// `sockeye serve` as a test sees it: a process, an HTTP API with a signed-in person, a feed.

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import { freePorts, Program } from '../cluster/program.mjs';

const run = promisify(execFile);

// A test that is called off leaves through the front door, so that what it started ends too.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const outputMax = 256 << 20;

export const binary = process.env.SOCKEYE_BIN ?? 'target/debug/sockeye';

/** Runs a command of the CLI; a bad exit is an answer too, not an error. */
export async function sockeye(...args) {
  try {
    const { stdout, stderr } = await run(binary, args, { maxBuffer: outputMax });
    return { code: 0, stdout, stderr };
  } catch (error) {
    if (typeof error.code !== 'number') throw error;
    return { code: error.code, stdout: error.stdout, stderr: error.stderr };
  }
}

export class Server {
  /**
   * Prepares a server that keeps everything in `dir`; `auditLog` is a file that it follows. Only
   * with `sensor` does it watch the machine, which is busy with all sorts of things.
   */
  static async prepare(dir, { auditLog, sensor = 'off' } = {}) {
    const server = new Server();
    server.sensor = sensor;
    const [port] = await freePorts(1);
    server.dir = dir;
    server.data = join(dir, 'data');
    server.log = join(dir, 'sockeye.log');
    server.config = join(dir, 'sockeye.yaml');
    server.listen = `127.0.0.1:${port}`;
    server.url = `http://${server.listen}`;
    const sources = auditLog ? [{ k8s_audit: { file: auditLog } }] : [];
    await writeFile(server.config, JSON.stringify({ sources }));
    return server;
  }

  /** Starts it, also again after an end of any kind. */
  async start() {
    this.program = new Program(
      'sockeye serve',
      binary,
      [
        'serve', '--data', this.data, '--listen', this.listen, '--config', this.config,
        '--admin-name', 'Ada Lovelace', '--rules-approved-by', 'Ada Lovelace',
        '--sensor', this.sensor,
      ],
      { log: this.log },
    );
    await this.program.ready(async () => (await fetch(`${this.url}/readyz`)).ok);
    return this;
  }

  /** Uses the one-time link of the first start; the session outlives a restart. */
  async signIn() {
    // It is ready a moment before it says so.
    const link = await until('a sign-in link is printed', async () =>
      this.program.tail(1000).match(/http:\/\/\S+\/signin\?token=\S+/)?.[0]);
    const answer = await fetch(link, { redirect: 'manual' });
    this.cookie = answer.headers.get('set-cookie')?.split(';')[0];
    if (!this.cookie) throw new Error(`the sign-in link gave ${answer.status} and no session`);
  }

  async answer(method, path, { body, token, headers = {} } = {}) {
    const who = token ? { authorization: `Bearer ${token}` } : { cookie: this.cookie };
    return fetch(this.url + path, {
      method,
      headers: { 'content-type': 'application/json', origin: this.url, ...who, ...headers },
      body: body && JSON.stringify(body),
    });
  }

  async get(path, options) {
    const answer = await this.answer('GET', path, options);
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  async post(path, body, options) {
    const answer = await this.answer('POST', path, { body, ...options });
    if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** Returns every item of a paged list. `next` is what the following page is asked with. */
  async all(path, next = (page) => page.next && `cursor=${encodeURIComponent(page.next)}`) {
    const items = [];
    const joint = path.includes('?') ? '&' : '?';
    for (let query = 'limit=500'; query; ) {
      const page = await this.get(`${path}${joint}${query}`);
      items.push(...page.items);
      const rest = next(page);
      query = rest && `limit=500&${rest}`;
    }
    return items;
  }

  alerts(query = '') {
    return this.all(`/v1/alerts${query}`, ({ next }) => next && `before=${next}`);
  }

  /** Makes a token for a program. */
  async token(...scopes) {
    return (await this.post('/v1/tokens', { name: `e2e ${scopes}`, scopes })).secret;
  }

  /** The file that `serve` wrote for the API server's `--audit-webhook-config-file`. */
  get webhook() {
    return join(this.data, 'audit-webhook.yaml');
  }

  /** Opens the live feed; what arrives stands in `items`. */
  feed(after) {
    const end = new AbortController();
    const feed = { items: [], close: () => end.abort() };
    feed.done = this.#follow(feed, after, end.signal).catch((error) => {
      if (!end.signal.aborted) throw error;
    });
    return feed;
  }

  async #follow(feed, after, signal) {
    const headers = { cookie: this.cookie, ...(after && { 'last-event-id': after }) };
    const answer = await fetch(`${this.url}/v1/feed`, { headers, signal });
    if (!answer.ok) throw new Error(`the feed gave ${answer.status}`);
    let text = '';
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      const parts = (text + chunk).split('\n\n');
      text = parts.pop();
      for (const part of parts) {
        const field = (name) => part.match(new RegExp(`^${name}: ?(.*)$`, 'm'))?.[1];
        if (field('event') === 'alert') {
          feed.items.push({ id: field('id'), ...JSON.parse(field('data')) });
        }
      }
    }
  }

  kill() {
    return this.program.stop('SIGKILL');
  }

  stop() {
    return this.program?.stop();
  }
}

/** Waits until `look` returns something that holds, and returns it. */
export async function until(what, look, { within = 120_000 } = {}) {
  const end = Date.now() + within;
  for (let last; ; await delay(200)) {
    const found = await look().catch((error) => ((last = error), undefined));
    if (found) return found;
    if (Date.now() > end) {
      throw new Error(`not within ${within / 1000} s: ${what}`, { cause: last });
    }
  }
}
