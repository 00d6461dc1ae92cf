// A system call as the trail keeps it, read so far as the console shows it. Version 1 is written by
// `crates/syscall/src/describe.rs`; what is no such call is none.

export interface Process {
  pid: number;
  name: string;
  path?: string;
  args: string[];
  started?: string;
}

export interface Call {
  call: string;
  result?: number;
  error?: string;
  args: [string, string][];
  process: Process & { cwd?: string; terminal?: number };
  /** Who made the process, oldest first. */
  lineage: Process[];
  user: string;
  login?: string;
  container: [string, string][];
}

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
const number = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined;

function processOf(value: unknown): Process {
  const from = isObject(value) ? value : {};
  const args = Array.isArray(from.args) ? from.args.filter((each) => typeof each === 'string') : [];
  return {
    pid: number(from.pid) ?? 0,
    name: text(from.name) ?? '?',
    path: text(from.path),
    args,
    started: text(from.started),
  };
}

const CONTAINER: readonly [string, string][] = [
  ['name', 'Name'],
  ['image', 'Image'],
  ['image_digest', 'Digest'],
  ['runtime', 'Runtime'],
  ['id', 'Id'],
];

function containerOf(value: unknown): [string, string][] {
  if (!isObject(value)) return [];
  const parts = CONTAINER.flatMap(([key, name]): [string, string][] => {
    const part = text(value[key]);
    return part ? [[name, part]] : [];
  });
  const pod = isObject(value.pod) ? value.pod : {};
  if (text(pod.name)) parts.unshift(['Pod', `${text(pod.namespace) ?? '?'} / ${text(pod.name)}`]);
  if (value.privileged === true) parts.push(['Privileged', 'yes']);
  return parts;
}

function userOf(user: Json, id: string, name: string): string | undefined {
  const uid = number(user[id]);
  if (uid === undefined) return undefined;
  const named = text(user[name]);
  return named ? `${named} (${uid})` : `uid ${uid}`;
}

/** Reads the record of an alert; undefined if it is no system call. */
export function callOf(raw: string): Call | undefined {
  let from: unknown;
  try {
    from = JSON.parse(raw);
  } catch {
    return undefined;
  }
  if (!isObject(from) || from.v !== 1 || !text(from.call) || !isObject(from.process))
    return undefined;
  const args = isObject(from.args) ? Object.entries(from.args) : [];
  const user = isObject(from.user) ? from.user : {};
  const lineage = Array.isArray(from.lineage) ? from.lineage.map(processOf) : [];
  return {
    call: text(from.call)!,
    result: number(from.result),
    error: text(from.error),
    args: args.flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
    process: {
      ...processOf(from.process),
      cwd: text(from.process.cwd),
      terminal: number(from.process.terminal),
    },
    lineage: lineage.reverse(),
    user: userOf(user, 'uid', 'name') ?? '?',
    login: userOf(user, 'login_uid', 'login_name'),
    container: containerOf(from.container),
  };
}

/** The command of a process as one would type it. */
export function command(process: Process): string {
  if (process.args.length === 0) return process.name;
  return process.args.map(quoted).join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
