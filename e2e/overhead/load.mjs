// The loads of load.c, built and run.

import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const source = fileURLToPath(new URL('load.c', import.meta.url));

/** The loads, with what they need on disk. */
export class Loads {
  /** Builds them in a directory, with a file that no rule names and one that rules look at. */
  static async build(dir) {
    const loads = new Loads();
    loads.dir = dir;
    loads.program = join(dir, 'load');
    loads.nothing = join(dir, 'nothing');
    loads.unnamed = join(dir, 'plain');
    loads.named = join(dir, '.ssh', 'config');
    const built = ['-O2', '-static', '-o'];
    await run('cc', [...built, loads.program, source]);
    const empty = join(dir, 'nothing.c');
    await writeFile(empty, 'int main(void) { return 0; }\n');
    await run('cc', [...built, loads.nothing, empty]);
    await mkdir(join(dir, '.ssh'));
    await writeFile(loads.unnamed, '');
    await writeFile(loads.named, '');
    return loads;
  }

  /** Runs one and returns what it took. */
  async run(what, count, path = '') {
    const { stdout } = await run(this.program, [what, `${count}`, path]);
    return JSON.parse(stdout);
  }
}
