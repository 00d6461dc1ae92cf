// One person, one browser, the real server: from the sign-in link to the resolved finding and the
// control it bears on.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  createPrivilegedPod,
  deliver,
  execIntoPod,
  grantClusterAdmin,
  listPods,
} from './audit.mjs';
import { eventually, launch, missing, shoot, watched } from './browser.mjs';
import { startServer } from './server.mjs';

const skip = process.env.E2E_REQUIRED ? undefined : missing();
const binary = process.env.SOCKEYE_BIN;
const MINER = { hasText: 'Privileged container admitted' };

describe('console', { skip, concurrency: false }, () => {
  let server;
  let browser;
  let context;
  let page;
  let innocent;
  let offences;
  let secret;

  before(async () => {
    assert.ok(binary, 'SOCKEYE_BIN must name the built binary');
    server = await startServer(binary);
    browser = await launch();
    context = await browser.newContext({
      viewport: { width: 1280, height: 820 },
      colorScheme: 'light',
    });
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], {
      origin: server.url,
    });
    ({ page, innocent, offences } = await watched(context, server.url));
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const heading = (name) => page.getByRole('heading', { level: 1, name });
  const open = async (path, name) => {
    await page.goto(server.url + path);
    await heading(name).waitFor();
  };

  test('whoever is not signed in sees how to sign in, and nothing else', async () => {
    await page.goto(server.url);
    await heading('Sign in to Sockeye').waitFor();
    await shoot(page, 'sign-in');
    await page.getByLabel('Sign-in link').fill('no-such-token');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    // A refused request is reported by the browser itself; here it is expected.
    assert.ok(
      offences.every((offence) => /status of 40[13]/.test(offence)),
      offences.join('\n'),
    );
    offences.length = 0;
  });

  test('the one-time link signs in, once', async () => {
    await page.getByLabel('Sign-in link').fill(server.link);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await heading('Overview').waitFor();
    await page.getByRole('heading', { name: 'Nothing is watched yet' }).waitFor();
    await shoot(page, 'first-run');
    innocent();
    const again = await fetch(server.link, { redirect: 'manual' });
    assert.equal(again.status, 403);
  });

  test('a token is made, and its secret can be copied once', async () => {
    await open('/tokens', 'API tokens');
    await page.getByRole('button', { name: 'Create token' }).click();
    await page.getByLabel('What is it for?').fill('kube-apiserver of the tests');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('heading', { name: /was created/ }).waitFor();
    await page
      .locator('figure', { hasText: 'Secret' })
      .first()
      .getByRole('button', { name: 'Copy' })
      .click();
    secret = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(secret, /\S{20,}/);
    await shoot(page, 'token');
    await page.reload();
    await page.getByText('kube-apiserver of the tests').waitFor();
    assert.equal(await page.getByText(secret).count(), 0);
    innocent();
  });

  test('an alert arrives in the feed without a reload', async () => {
    await open('/feed', 'Feed');
    await page.getByRole('heading', { name: 'No alerts yet' }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await deliver(server.url, secret, [
      listPods('alice', 'shop'),
      execIntoPod('alice', 'shop', 'web-1'),
    ]);
    const row = page.locator('a[data-row]').first();
    await row.waitFor();
    assert.match(await row.innerText(), /alice/);
    assert.match(await row.innerText(), /web-1/);
    innocent();
  });

  test('while paused, alerts wait and are counted', async () => {
    await page.keyboard.press('p');
    await deliver(server.url, secret, [
      createPrivilegedPod('mallory', 'shop', 'miner-0'),
      grantClusterAdmin('mallory', 'helpers', 'eve'),
      execIntoPod('bob', 'payments', 'api-7'),
    ]);
    await page.getByText(/[3-9] alerts waiting/).waitFor();
    assert.equal(await page.locator('a[data-row]', { hasText: 'miner-0' }).count(), 0);
    await page.keyboard.press('p');
    await page.locator('a[data-row]', { hasText: 'miner-0' }).first().waitFor();
    await shoot(page, 'feed-light');
    innocent();
  });

  test('filters stand in the address and hold after a reload', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('miner-0');
    await page.waitForURL(/text=miner-0/);
    await page.reload();
    await page.locator('a[data-row]', { hasText: 'miner-0' }).first().waitFor();
    assert.equal(await page.locator('a[data-row]', { hasText: 'api-7' }).count(), 0);
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.locator('a[data-row]', { hasText: 'api-7' }).first().waitFor();
    innocent();
  });

  test('details show the event as received and where it stands in the trail', async () => {
    await page.locator('a[data-row]', { hasText: 'miner-0' }).first().click();
    const details = page.getByRole('region', { name: 'Alert' });
    await details.getByText('Raw event').waitFor();
    await details.getByRole('button', { name: 'Copy as received' }).click();
    const raw = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
    assert.equal(raw.objectRef.name, 'miner-0');
    await details.getByText('Block root').waitFor();
    await details.getByText('Signed checkpoint of its commit').waitFor();
    assert.match(page.url(), /\/feed\/\d+\.\d+\.\d+/);
    await shoot(page, 'alert-light');
    await page.reload();
    await page.getByRole('region', { name: 'Alert' }).getByText('Raw event').waitFor();
    innocent();
  });

  test('a finding is acknowledged and resolved by keyboard, in the name of a person', async () => {
    await page
      .getByRole('region', { name: 'Alert' })
      .getByRole('link', { name: 'Finding' })
      .click();
    const details = page.getByRole('region', { name: 'Finding' });
    await details.getByText('Nobody has decided about it yet.').waitFor();
    await page.keyboard.press('a');
    await page.getByLabel(/Why\?/).fill('Looking at who started this pod.');
    await page.keyboard.press('Control+Enter');
    await details.getByText('Looking at who started this pod.').waitFor();
    await page.keyboard.press('x');
    await page.getByLabel(/True positive/).check();
    await page.getByLabel(/Why\?/).fill('A miner. The pod is gone and the account is closed.');
    await shoot(page, 'resolve-light');
    await page.keyboard.press('Control+Enter');
    await details.getByText('resolved as true positive').waitFor();
    assert.match(await details.innerText(), /dana acknowledged/);
    assert.equal(await details.getByRole('button', { name: 'Resolve' }).count(), 0);
    await shoot(page, 'finding-light');
    innocent();
  });

  test('a decision leads to its entry in the trail, and back', async () => {
    const handling = page.getByRole('region', { name: 'Finding' });
    await handling
      .getByRole('link', { name: /^\d+\.\d+$/ })
      .last()
      .click();
    await heading(/^Entry \d+\.\d+$/).waitFor();
    await page.getByText('Decision about a finding').waitFor();
    await page.getByText('Block root').waitFor();
    assert.match(await page.getByLabel('What is kept').innerText(), /A miner\. The pod is gone/);
    await shoot(page, 'entry-light');
    const shown = page.url();
    await page.keyboard.press('k');
    await page.waitForURL((url) => url.href !== shown && /\/trail\/\d+\.\d+$/.test(url.pathname));
    await page.goto(shown);
    await page.getByRole('link', { name: 'Finding', exact: true }).click();
    await page
      .getByRole('region', { name: 'Finding' })
      .getByText('resolved as true positive')
      .waitFor();
    innocent();
  });

  test('the rule behind a finding is explained: threat, response, controls', async () => {
    await page
      .getByRole('region', { name: 'Finding' })
      .getByRole('link', { name: 'Rule', exact: true })
      .click();
    const rule = page.getByRole('region', { name: 'Rule' });
    await rule.getByRole('heading', { name: 'The threat' }).waitFor();
    await rule.getByRole('heading', { name: 'What to do' }).waitFor();
    await rule.getByRole('heading', { name: 'Controls it bears on' }).waitFor();
    assert.ok((await rule.locator('a[href^="/controls/K-"]').count()) > 0);
    assert.equal(await rule.getByText('## ').count(), 0);
    await shoot(page, 'rule-light');
    await page.goto(`${server.url}/rules/no-such-rule`);
    await page.getByRole('alert').getByText('No rule in force is called').waitFor();
    assert.ok(
      offences.every((offence) => /status of 404/.test(offence)),
      offences.join('\n'),
    );
    offences.length = 0;
  });

  test('findings are walked, searched and filtered by keyboard', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('f');
    await heading('Feed').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('i');
    await heading('Findings').waitFor();
    const rows = page.locator('a[data-row]');
    await rows.nth(1).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    const second = await rows.nth(1).getAttribute('data-id');
    assert.equal(await page.evaluate(() => document.activeElement.dataset.id), second);
    await page.keyboard.press('Enter');
    await page.waitForURL(new RegExp(second));
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Resolved', exact: true }).click();
    await page.waitForURL(/status=resolved/);
    await page.waitForFunction(() => document.querySelectorAll('a[data-row]').length === 1);
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await shoot(page, 'keyboard-light');
    await page.keyboard.press('Escape');
    innocent();
  });

  test('the finding leads to its criterion and the controls that serve it', async () => {
    await page.locator('a[data-row]').first().click();
    const finding = page.getByRole('region', { name: 'Finding' });
    await finding.locator('a[href^="/criteria/"]').first().click();
    await page.getByRole('heading', { name: 'Controls that serve it' }).waitFor();
    await shoot(page, 'criterion-light');
    await page.locator('article h3 a').first().click();
    await page.getByRole('heading', { name: 'Coverage' }).waitFor();
    innocent();
  });

  test('all 61 criteria have a result in words, and none claims compliance', async () => {
    await open('/controls', 'Controls');
    await page.locator('.cell').nth(60).waitFor();
    assert.equal(await page.locator('.cell').count(), 61);
    const words = await page
      .locator('.cell')
      .evaluateAll((cells) => cells.map((cell) => cell.innerText));
    const known = /pass|fail|error|not tested|not applicable|inherited|manual/;
    assert.deepEqual(
      words.filter((word) => !known.test(word)),
      [],
    );
    const one = '(pass|fail|error|not tested|not applicable|inherited|manual)';
    const both = new RegExp(
      `design\\s*${one}\\s*O?\\s*operation\\s*${one}|no control\\s*, not tested`,
    );
    assert.deepEqual(
      words.filter((word) => !both.test(word)),
      [],
      'design and operation are both told',
    );
    await page.getByText('Judged up to').waitFor();
    assert.doesNotMatch(await page.locator('body').innerText(), /compliant/i);
    await shoot(page, 'controls-light');
    innocent();
  });

  test('what was done to Sockeye itself is told with its doer', async () => {
    await open('/administration', 'Administration');
    await page
      .getByRole('row', { name: /dana.*sign in/ })
      .first()
      .waitFor();
    await page
      .getByRole('row', { name: /token created/ })
      .first()
      .waitFor();
    await open('/trail', 'Trail');
    await page.getByText('C2SP signed note').waitFor();
    innocent();
  });

  test('go-to finds pages, controls and rules', async () => {
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('CC7.2');
    await page
      .getByRole('option', { name: /CC7\.2/ })
      .first()
      .waitFor();
    await page.keyboard.press('Enter');
    await heading('CC7.2').waitFor();
    innocent();
  });

  // Controls are judged by full minutes that are over, and sources report once a minute.
  test('the finding is an item of its control, and leads back to the event', async () => {
    const item = page.locator('tr', { has: page.locator('a[href^="/findings/"]') });
    await eventually(page, `${server.url}/controls/K-14?period=1d`, item.filter(MINER));
    assert.match(await item.filter(MINER).first().innerText(), /pass|deviates|not due/);
    await shoot(page, 'control-light');
    await item.filter(MINER).locator('a[href^="/feed/"]').first().click();
    await page.getByRole('region', { name: 'Alert' }).getByText('Raw event').waitFor();
    innocent();
  });

  test('the source says what it delivered', async () => {
    const source = page.getByRole('region', { name: /k8s_audit/ }).first();
    await eventually(page, `${server.url}/sources`, source.getByText(/Last status/));
    await source.locator('div', { hasText: /^5\s*records$/ }).waitFor();
    await shoot(page, 'sources-light');
    innocent();
  });

  test('a refused record is listed with the reason, and leads to its entry', async () => {
    await assert.rejects(deliver(server.url, secret, [42]), /no record could be read/);
    await open('/sources', 'Sources');
    await page.getByText('Refused records').first().click();
    const row = page.getByRole('row', { name: /an element is not an object/ });
    await row.first().waitFor();
    await shoot(page, 'refused-light');
    await row.first().getByRole('link').click();
    await page.getByText('Record that was refused').waitFor();
    innocent();
  });

  test('a node is invited by a command that is shown once, and shut out', async () => {
    await open('/nodes', 'Nodes');
    await page.getByRole('heading', { name: 'No nodes yet' }).waitFor();
    await page.getByRole('button', { name: 'Add node' }).click();
    await page.getByLabel('How is it called?').fill('node-1');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByText(/sockeye agent --server https:.* --join sockeye-join-1/).waitFor();
    const row = page.getByRole('row', { name: /node-1/ });
    await row.getByText('Invited').waitFor();
    await shoot(page, 'nodes-light');
    await page.getByRole('button', { name: 'Revoke node-1' }).click();
    await page.getByRole('button', { name: 'Revoke', exact: true }).click();
    await row.getByText('Revoked').waitFor();
    await page.reload();
    await row.waitFor();
    assert.equal(await page.getByText('sockeye-join-1').count(), 0);
    innocent();
  });

  const PAGES = [
    '/',
    '/feed',
    '/findings',
    '/controls',
    '/criteria/CC6.1',
    '/sources',
    '/nodes',
    '/rules',
    '/rules/Session%20opened%20in%20a%20container',
    '/trail',
    '/trail/0.0',
    '/tokens',
    '/administration',
  ];

  for (const [name, scheme, width] of [
    ['light', 'light', 1280],
    ['dark', 'dark', 1280],
    ['narrow', 'light', 400],
  ]) {
    test(`every page is sound, ${name}`, async () => {
      const storageState = await context.storageState();
      const other = await browser.newContext({
        viewport: { width, height: 820 },
        colorScheme: scheme,
        storageState,
      });
      const shown = await watched(other, server.url);
      for (const path of PAGES) {
        await shown.page.goto(server.url + path);
        await shown.page.getByRole('heading', { level: 1 }).waitFor();
        await shown.page.waitForTimeout(300);
        await shoot(shown.page, `page${path.replaceAll('/', '-')}-${name}`);
        const wider = await shown.page.evaluate(
          () => document.documentElement.scrollWidth > window.innerWidth,
        );
        assert.equal(wider, false, `${path} is wider than ${width} pixels`);
        const unnamed = await shown.page.evaluate(() =>
          [...document.querySelectorAll('button, a, input, select, textarea')]
            .filter(
              (control) =>
                !(
                  control.ariaLabel ||
                  control.textContent.trim() ||
                  control.labels?.length ||
                  control.title
                ),
            )
            .map((control) => control.outerHTML.slice(0, 120)),
        );
        assert.deepEqual(unnamed, [], `${path} has controls without a name`);
      }
      shown.innocent();
      await other.close();
    });
  }

  test('a chosen theme holds, without a flash of the other', async () => {
    await open('/', 'Overview');
    await page.getByRole('button', { name: /^Theme/ }).click();
    await page.reload();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
    await page.getByRole('button', { name: /^Theme/ }).click();
    await page.getByRole('button', { name: /^Theme/ }).click();
    innocent();
  });

  test('signing out ends the session', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await heading('Sign in to Sockeye').waitFor();
    const reply = await page.evaluate(() => fetch('/v1/me').then((answer) => answer.status));
    assert.equal(reply, 401);
  });
});
