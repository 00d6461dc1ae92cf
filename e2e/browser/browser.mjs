// A browser that takes offence: an error on the console, a refused resource or a request to any
// other host fails the test that caused it.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// The console's own packages hold the driver too: one lock file, one place to install.
const ours = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = ours('playwright-core');

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
// Controls are judged by full minutes that are over.
const MINUTES_MS = 180_000;
const SHOTS = process.env.SCREENSHOTS ?? join(tmpdir(), 'sockeye-screenshots');

/** Why the browser tests cannot run here, if they cannot. */
export function missing() {
  return existsSync(CHROMIUM) ? undefined : `skipped: there is no chromium at ${CHROMIUM}`;
}

export function launch() {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}

/** Opens a page and writes down whatever it should not do. */
export async function watched(context, url) {
  const offences = [];
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (error) => offences.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) offences.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== url)
      offences.push(`request to another host: ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      const what = event.blockedURI || event.sample;
      console.error(`security policy: ${event.violatedDirective} refused ${what}`);
    });
  });
  const innocent = () =>
    assert.deepEqual(offences.splice(0), [], 'the page did what it must not do');
  return { page, innocent, offences };
}

export async function shoot(page, name) {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}

/** Looks again and again until the page shows it. */
export async function eventually(page, address, locator) {
  for (const end = Date.now() + MINUTES_MS; ;) {
    await page.goto(address);
    const seen = locator.first().waitFor({ timeout: 5000 });
    if (
      await seen.then(
        () => true,
        () => false,
      )
    )
      return;
    assert.ok(Date.now() < end, `${address} does not show it in ${MINUTES_MS / 1000} s`);
  }
}
