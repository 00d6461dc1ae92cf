// One event followed by a person: kubectl acts on a real API server, its audit webhook delivers,
// and the browser shows the alert, the finding, the control and the place in the trail.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Cluster, missing as noCluster } from '../cluster/cluster.mjs';
import { eventually, launch, missing as noBrowser, shoot, watched } from './browser.mjs';
import { startServer } from './server.mjs';

const lacks = (await noCluster()) && `skipped: ${await noCluster()}`;
const skip = process.env.E2E_REQUIRED ? undefined : (noBrowser() ?? lacks);
const DELIVERY_MS = 60_000;

describe('from kubectl to the browser', { skip }, () => {
  let dir;
  let server;
  let cluster;
  let browser;
  let page;
  let innocent;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sockeye-browser-cluster-'));
    server = await startServer(process.env.SOCKEYE_BIN);
    browser = await launch();
    const context = await browser.newContext({ viewport: { width: 1280, height: 820 } });
    ({ page, innocent } = await watched(context, server.url));
    await page.goto(server.link);
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    const token = await page.evaluate(async () => {
      const body = JSON.stringify({ name: 'kube-apiserver', scopes: ['intake'] });
      const headers = { 'content-type': 'application/json' };
      return (await (await fetch('/v1/tokens', { method: 'POST', headers, body })).json()).secret;
    });
    const url = `${server.url.replace('//', `//audit:${token}@`)}/k8s-audit`;
    cluster = await Cluster.start({ dir, webhook: { url, token } });
  });

  after(async () => {
    await browser?.close();
    await cluster?.stop();
    await server?.stop();
    if (dir) await rm(dir, { recursive: true, force: true });
  });

  const alert = () => page.getByRole('region', { name: 'Alert' });
  const row = () => page.locator('a[data-row]', { hasText: 'grace-is-admin' }).first();

  test('a binding made by kubectl appears in the open feed', async () => {
    await page.goto(`${server.url}/feed`);
    await page.getByText('Live', { exact: true }).waitFor();
    const role = '--clusterrole=cluster-admin';
    const user = '--user=grace@example.com';
    await cluster.kubectl('create', 'clusterrolebinding', 'grace-is-admin', role, user);
    await row().waitFor({ timeout: DELIVERY_MS });
    await shoot(page, 'cluster-feed');
    innocent();
  });

  test('its details are what the API server sent', async () => {
    await row().click();
    await alert().getByText('Raw event').waitFor();
    assert.match(await alert().innerText(), /clusterrolebindings/);
    assert.match(await alert().innerText(), /Block root/);
    await shoot(page, 'cluster-alert');
    innocent();
  });

  test('a person handles it, and its control shows that', async () => {
    await alert().getByRole('link', { name: 'Finding' }).click();
    const finding = page.getByRole('region', { name: 'Finding' });
    await finding.getByRole('button', { name: 'Acknowledge' }).click();
    await page.getByLabel(/Why\?/).fill('Asking grace.');
    await page.keyboard.press('Control+Enter');
    await finding.getByText('Asking grace.').waitFor();
    await finding.getByRole('button', { name: 'Resolve' }).click();
    await page.getByLabel(/Benign/).check();
    await page.getByLabel(/Why\?/).fill('Planned: she is on call this week.');
    await page.keyboard.press('Control+Enter');
    await finding.getByText('resolved as benign').waitFor();
    const item = page.locator('tr', { hasText: 'grace-is-admin' }).first();
    await eventually(page, `${server.url}/controls/K-14?period=1d`, item);
    await shoot(page, 'cluster-control');
    await item.locator('a[href^="/feed/"]').first().click();
    await alert().getByText('Raw event').waitFor();
    innocent();
  });

  test('the source tells of a real API server', async () => {
    await page.goto(`${server.url}/sources`);
    const source = page.getByRole('region', { name: /k8s_audit/ }).first();
    await source.getByText('Receiving').waitFor();
    await shoot(page, 'cluster-sources');
    await page.goto(server.url);
    await page.getByRole('heading', { name: /open finding/ }).waitFor();
    await shoot(page, 'cluster-overview');
    innocent();
  });
});
