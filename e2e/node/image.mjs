// Images without a registry: a Debian root file system made from apt's own sources, packed as an
// OCI archive that a container runtime imports.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  access, copyFile, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cache = join(dirname(fileURLToPath(import.meta.url)), '..', '.cache', 'image');

/** Beyond Debian's essential packages and apt: what the scripted attacks reach for. */
const extra = ['netcat-traditional', 'rsync'];
const perDay = 86_400_000;
/** A root file system is made anew after this, so that it never grows stale. */
const ageMax = 7 * perDay;

/** An image: what to call it, how it is filled, what it starts. */
export const images = {
  shop: {
    name: 'registry.example.com/shop:1',
    root: debian,
    command: ['/bin/sleep', 'infinity'],
    labels: { 'org.example.team': 'shop' },
  },
  pause: {
    name: 'registry.example.com/pause:1',
    root: busybox,
    command: ['/bin/busybox', 'sleep', 'infinity'],
    labels: {},
  },
};

/** Returns the archive of an image, its name and its digest. */
export async function archive({ name, root, command, labels }) {
  const layer = await root();
  const dir = await mkdtemp(join(tmpdir(), 'sockeye-image-'));
  const blobs = join(dir, 'layout', 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const blob = async (mediaType, value) => {
    const text = JSON.stringify(value);
    const digest = createHash('sha256').update(text).digest('hex');
    await writeFile(join(blobs, digest), text);
    return { mediaType, digest: `sha256:${digest}`, size: text.length };
  };
  const digest = await sha256(layer);
  await copyFile(layer, join(blobs, digest));
  const type = 'application/vnd.oci.image';
  const config = await blob(`${type}.config.v1+json`, {
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: command, Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'], Labels: labels },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
  });
  const { size } = await stat(layer);
  const manifest = await blob(`${type}.manifest.v1+json`, {
    schemaVersion: 2,
    mediaType: `${type}.manifest.v1+json`,
    config,
    layers: [{ mediaType: `${type}.layer.v1.tar`, digest: `sha256:${digest}`, size }],
  });
  const annotations = { 'io.containerd.image.name': name };
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] };
  await writeFile(join(dir, 'layout', 'index.json'), JSON.stringify(index));
  await writeFile(join(dir, 'layout', 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const path = join(dir, 'image.tar');
  await run('tar', ['-cf', path, '-C', join(dir, 'layout'), '.']);
  await rm(join(dir, 'layout'), { recursive: true });
  const remove = () => rm(dir, { recursive: true, force: true });
  return { path, name, digest: manifest.digest, remove };
}

/** Makes the root file system of a Debian once, and returns its archive. */
export async function debian() {
  const suite = await release();
  const path = join(cache, `${suite}-${extra.join('-')}.tar`);
  const age = await stat(path).then(({ mtimeMs }) => Date.now() - mtimeMs, () => Infinity);
  if (age < ageMax) return path;
  await mkdir(cache, { recursive: true });
  const half = join(cache, `.${process.pid}.tar`);
  // It is thrown away when the machine fails, so nothing needs to wait for the disk.
  const options = ['--variant=minbase', '--dpkgopt=force-unsafe-io', '--quiet'];
  const leaves = ['doc', 'man', 'locale', 'info'];
  const leave = leaves.map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`);
  const include = `--include=${extra.join(',')}`;
  await run('mmdebstrap', [...options, ...leave, include, suite, half, ...(await sources())]);
  await rename(half, path);
  return path;
}

/** This machine's own release, so that its package cache serves. */
async function release() {
  const text = await readFile('/etc/os-release', 'utf8');
  return text.match(/^VERSION_CODENAME=(\w+)$/m)?.[1] ?? 'bookworm';
}

/** This machine's own sources, which may name a mirror; else Debian's default. */
async function sources() {
  for (const path of ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list']) {
    if (await access(path).then(() => true, () => false)) return [path];
  }
  return [];
}

async function busybox() {
  await mkdir(cache, { recursive: true });
  const half = join(cache, `.${process.pid}.tar`);
  await run('tar', ['-cf', half, '-C', '/', 'bin/busybox']);
  await rename(half, join(cache, 'busybox.tar'));
  return join(cache, 'busybox.tar');
}

async function sha256(path) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}
