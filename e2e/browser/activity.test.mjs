// What happened on a node: found by who and where, a session from its first command to its last,
// and the way between an alert and what was done around it.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';
import { launch, missing, shoot, watched } from './browser.mjs';
import { startServer } from './server.mjs';

const skip = process.env.E2E_REQUIRED ? undefined : missing();
const binary = process.env.SOCKEYE_BIN;
const KEPT = fileURLToPath(
  new URL('../../crates/server/tests/activity/session.jsonl', import.meta.url),
);

describe('activity', { skip, concurrency: false }, () => {
  let server;
  let browser;
  let page;
  let innocent;

  before(async () => {
    assert.ok(binary, 'SOCKEYE_BIN must name the built binary');
    server = await startServer(binary, KEPT);
    browser = await launch();
    const context = await browser.newContext({
      viewport: { width: 1280, height: 820 },
      colorScheme: 'light',
    });
    ({ page, innocent } = await watched(context, server.url));
    await page.goto(server.link);
    await heading('Overview').waitFor();
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const heading = (name) => page.getByRole('heading', { level: 1, name });
  const rows = () => page.getByRole('table').last().locator('tbody tr');

  test('everything is listed, newest first, each with its evidence', async () => {
    await page.goto(`${server.url}/activity`);
    await heading('Activity').waitFor();
    await page.getByText('finit_module').waitFor();
    assert.equal(await rows().count(), 16);
    assert.match(await rows().first().innerText(), /insmod|extra\.ko/);
    await page.getByRole('button', { name: 'Live' }).waitFor();
    const missing = page.getByRole('region', { name: 'When activity may be missing' });
    assert.match(
      await missing.innerText(),
      /^Not watched on node-a .*; activity may be missing since .*; counts of connections may be/,
    );
    await shoot(page, 'activity-light');
    innocent();
  });

  test('conditions stand in the address, narrow the list and hold after a reload', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('ETC/CRON');
    await page.waitForURL(/text=ETC\/CRON/);
    await page.getByText('/etc/cron.d/tool').waitFor();
    await page.getByLabel('Pod').fill('web-7f9c');
    await page.waitForURL(/pod=web-7f9c/);
    await page.reload();
    await page.getByText('/etc/cron.d/tool').waitFor();
    assert.equal(await rows().count(), 1);
    assert.match(await rows().first().innerText(), /schedule/);
    assert.equal(await page.getByLabel('Pod').inputValue(), 'web-7f9c');
    await page.getByLabel('Kind').selectOption('module');
    await page.getByText('No activity matches').waitFor();
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByText('finit_module').waitFor();
    innocent();
  });

  test('secrets are masked, and a result that is none of success stands out', async () => {
    const text = await page.getByRole('table').innerText();
    assert.match(text, /mysql -h 10\.0\.0\.9 -u root -p\*\*\* shop/);
    assert.match(text, /ada as root/);
    assert.match(text, /signal 9/);
    innocent();
  });

  test('a session shows every command of a shell in order, and what alerted in it', async () => {
    await page.getByRole('link', { name: 'Sessions' }).click();
    await heading('Sessions').waitFor();
    assert.equal(await rows().count(), 2);
    await shoot(page, 'sessions-light');
    await rows().filter({ hasText: 'web-7f9c' }).getByRole('link').click();
    await heading('www-data in shop/web-7f9c').waitFor();
    const done = page.getByRole('table', { name: /oldest first/ }).last();
    await done.getByText('bash ended').waitFor();
    const text = await done.innerText();
    const order = ['bash began', 'cat /etc/shadow', 'curl -s', '/tmp/tool --install', 'bash ended'];
    const places = order.map((part) => text.indexOf(part));
    assert.deepEqual(
      places,
      [...places].sort((a, b) => a - b),
    );
    assert.ok(places[0] >= 0);
    await page.getByText('runc ← containerd-shim ← systemd').waitFor();
    await shoot(page, 'session-light');
    await page.getByRole('link', { name: 'Read sensitive file in a container' }).click();
    await page.getByRole('region', { name: 'Finding' }).waitFor();
    innocent();
  });

  test('a finding of a system call leads back to its session and its container', async () => {
    const finding = page.getByRole('region', { name: 'Finding' });
    await finding.getByRole('link', { name: 'Activity' }).click();
    await page.waitForURL(/\/activity\?container=4e0f9a1b2c3d/);
    await page.getByText('cat /etc/shadow').waitFor();
    await page.goBack();
    await finding.getByRole('link', { name: 'Session' }).click();
    await heading('www-data in shop/web-7f9c').waitFor();
    innocent();
  });

  test('the dark pages say the same', async () => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.getByText('What was done, in order').waitFor();
    await shoot(page, 'session-dark');
    await page.goto(`${server.url}/activity`);
    await page.getByText('finit_module').waitFor();
    await shoot(page, 'activity-dark');
    await page.getByRole('link', { name: 'Sessions' }).click();
    await heading('Sessions').waitFor();
    await shoot(page, 'sessions-dark');
    await page.setViewportSize({ width: 480, height: 900 });
    await page.goto(`${server.url}/activity`);
    await page.getByText('finit_module').waitFor();
    await shoot(page, 'activity-narrow');
    innocent();
  });
});
