// Reads a trail with nothing of ours: the format is in crates/trail/src/{segment,block}.rs, and
// decompression is the stock `zstd`. What this counts, our own code cannot have invented.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const segmentHeader = 32;
const blockHead = 128;
const outputMax = 2 ** 31 - 1;

/** Returns every entry of the trail, oldest first, as the parsed line that was kept. */
export function entries(trail) {
  const blocks = readdirSync(join(trail, 'segments'))
    .filter((name) => name.endsWith('.seg'))
    .sort()
    .flatMap((name) => blocksOf(readFileSync(join(trail, 'segments', name))));
  const plain = decompress(blocks);
  return blocks.flatMap((block, number) => linesOf(plain[number], block));
}

/** Returns the kept records of audit sources: id, source, raw text. */
export function events(trail) {
  return entries(trail).flatMap(({ entry }) => (entry.event ? [entry.event] : []));
}

function blocksOf(segment) {
  const blocks = [];
  for (let at = segmentHeader; at + blockHead <= segment.length; ) {
    if (segment.toString('latin1', at, at + 4) !== 'SKB1') break;
    const [stored, plain, entries, keys] = [16, 20, 24, 28].map((part) =>
      segment.readUInt32LE(at + part),
    );
    const payload = segment.subarray(at + blockHead, at + blockHead + stored);
    blocks.push({ payload, plain, entries, keys });
    at += blockHead + stored;
  }
  return blocks;
}

// Frames may stand one after another, so one call decompresses all blocks.
function decompress(blocks) {
  const compressed = blocks.filter(({ payload, plain }) => payload.length !== plain);
  const input = Buffer.concat(compressed.map(({ payload }) => payload));
  const { status, stdout, stderr } = spawnSync('zstd', ['-d', '-c'], {
    input,
    maxBuffer: outputMax,
  });
  if (compressed.length > 0 && status !== 0) throw new Error(`zstd: ${stderr}`);
  let at = 0;
  return blocks.map(({ payload, plain }) => {
    if (payload.length === plain) return payload;
    return stdout.subarray(at, (at += plain));
  });
}

function linesOf(bytes, { entries, keys }) {
  const lines = [];
  let at = entries * 4 + keys * 12;
  for (let entry = 0; entry < entries; entry++) {
    const length = bytes.readUInt32LE(entry * 4);
    lines.push(JSON.parse(bytes.toString('utf8', at, at + length)));
    at += length;
  }
  return lines;
}
