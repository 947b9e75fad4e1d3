// The page in Debian's Chromium: keyboard, accessibility, hostile names, and how much of it is drawn.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

const root = mkdtempSync(path.join(tmpdir(), "kaslint-page-"));
const axe = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
let browser;

/** Writes files, and the page of the inventory among them. */
function page(name, files, more = []) {
  const folder = path.join(root, name);
  for (const [file, text] of Object.entries(files)) {
    const whole = path.join(folder, file);
    mkdirSync(path.dirname(whole), { recursive: true });
    writeFileSync(whole, text);
  }
  const out = path.join(folder, "page.html");
  execFileSync(process.env.KASLINT, ["access", "--inventory", "inventory.yaml", "--format", "html", "--output", out, ...more], { cwd: folder });
  return `file://${out}`;
}

const CONFIG = "projects/acme/agents/.gitlab/agents/prod/config.yaml";
const inventory = (projects, groups = ["acme", "acme/web"]) =>
  `gitlab: {version: "18.9", tier: premium}\ngroups:\n${groups.map((one) => `  - path: ${JSON.stringify(one)}\n`).join("")}projects:\n  - path: acme/agents\n    agents: [{name: prod}]\n${projects.map((one) => `  - path: ${JSON.stringify(one)}\n`).join("")}`;
const SMALL = {
  "inventory.yaml": inventory(["acme/web/shop", "acme/web/blog"]),
  [CONFIG]: "ci_access:\n  groups:\n    - id: acme/web\n      environments: [production]\n  projects:\n    - id: acme/web/shop\n      protected_branches_only: true\n      access_as: {ci_job: {}}\n",
  "projects/acme/web/shop/.gitlab-ci.yml": "deploy:\n  script: kubectl config use-context acme/agents:prod\n  environment: production\n",
};

async function open(address, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options });
  const tab = await context.newPage();
  tab.faults = [];
  tab.on("pageerror", (error) => tab.faults.push(String(error)));
  tab.on("console", (message) => message.type() === "error" && tab.faults.push(message.text()));
  tab.on("dialog", (dialog) => { tab.faults.push(dialog.message()); dialog.dismiss(); });
  await tab.goto(address);
  return tab;
}

const cells = (tab) => tab.locator(".body [role=row]").count();

before(async () => {
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
});
after(async () => {
  await browser?.close();
  rmSync(root, { recursive: true, force: true });
});

test("axe finds nothing on any view, panel and theme", async () => {
  const address = page("small", SMALL);
  for (const colorScheme of ["light", "dark"]) {
    const tab = await open(address, { colorScheme, bypassCSP: true });
    for (const view of ["access", "map", "agents", "jobs", "findings"]) {
      await tab.click(`#tab-${view}`);
      for (const panel of [false, true]) {
        if (panel) {
          await tab.focus("#grid");
          await tab.keyboard.press("Enter");
        }
        await tab.evaluate(axe);
        const { violations } = await tab.evaluate(() => globalThis.axe.run());
        const told = violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html).join(" ")}`);
        assert.deepEqual(told, [], `${colorScheme} ${view} ${panel}`);
        if (process.env.SHOTS) await tab.screenshot({ path: path.join(process.env.SHOTS, `${view}-${colorScheme}-${panel}.png`) });
        await tab.keyboard.press("Escape");
      }
    }
  }
});

test("keys search, move, open, close and leave a link to come back by", async () => {
  const tab = await open(page("keys", SMALL));
  await tab.keyboard.press("/");
  await tab.keyboard.type("shop");
  assert.equal(await tab.textContent("#status"), "1 of 3 grants");
  await tab.focus("#grid");
  await tab.keyboard.press("Enter");
  assert.match(await tab.textContent("#panel"), /acme\/web\/shop at acme\/agents:prod.*config\.yaml:6.*Overridden as a whole.*config\.yaml:3/s);
  const link = tab.url();
  assert.match(link, /view=access&q=shop&open=/);
  await tab.keyboard.press("Escape");
  assert.equal(await tab.locator("#panel").isHidden(), true);
  assert.equal(await tab.evaluate(() => document.activeElement.id), "grid");
  const again = await open(link);
  assert.match(await again.textContent("#panel-title"), /acme\/web\/shop/);
  await tab.focus("#tab-access");
  await tab.keyboard.press("ArrowRight");
  assert.equal(await tab.getAttribute("#tab-map", "aria-selected"), "true");
  assert.deepEqual([...tab.faults, ...again.faults], []);
});

test("groups of the map close and open, and a search looks into those that are closed", async () => {
  const tab = await open(page("map", SMALL));
  await tab.click("#tab-map");
  const names = () => tab.locator(".body [role=rowheader]").allTextContents();
  assert.deepEqual((await names()).map((name) => name.trim()), ["▾ acme", "acme/agents", "▾ acme/web", "acme/web/blog", "acme/web/shop"]);
  await tab.focus("#grid");
  await tab.keyboard.press("ArrowDown");
  await tab.keyboard.press("ArrowDown");
  await tab.keyboard.press("ArrowLeft");
  assert.deepEqual((await names()).map((name) => name.trim()), ["▾ acme", "acme/agents", "▸ acme/web"]);
  assert.equal(await tab.locator("#row-2").getAttribute("aria-expanded"), "false");
  await tab.evaluate(axe);
  assert.deepEqual((await tab.evaluate(() => globalThis.axe.run())).violations.map((one) => one.id), []);
  await tab.fill("#search", "shop");
  assert.deepEqual((await names()).map((name) => name.trim()), ["acme/web/shop"]);
  await tab.fill("#search", "");
  await tab.click("#row-2");
  assert.equal((await names()).length, 5);
  assert.deepEqual(tab.faults, []);
});

test("of a long name its end is seen, and a theme that was chosen stays", async () => {
  const project = `acme/${"platform-".repeat(6)}agents`;
  const files = Object.fromEntries(Object.entries(SMALL).map(([file, text]) => [file.replace("acme/agents", project), text.replaceAll("acme/agents", project)]));
  const address = page("long", files);
  const tab = await open(address);
  const cell = tab.locator("#row-0 [role=gridcell]").first();
  assert.equal(await cell.textContent(), `${project}:prod`);
  const [outer, name] = await cell.evaluate((one) => [one.getBoundingClientRect(), one.querySelector(".cut :last-child").getBoundingClientRect()].map(({ left, right }) => ({ left, right })));
  assert.ok(name.left > outer.left && name.right <= outer.right, JSON.stringify([outer, name]));
  await tab.selectOption("#theme", "dark");
  await tab.reload();
  assert.equal(await tab.inputValue("#theme"), "dark");
  assert.equal(await tab.evaluate(() => getComputedStyle(document.documentElement).colorScheme), "dark");
  assert.deepEqual(tab.faults, []);
});

test("every row that a search leaves is printed", async () => {
  const projects = Array.from({ length: 3000 }, (_, at) => `acme/web/p${at}`);
  const tab = await open(page("print", { "inventory.yaml": inventory(projects), [CONFIG]: "ci_access:\n  groups:\n    - id: acme/web\n" }));
  await tab.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert.equal(await cells(tab), 3001);
  await tab.evaluate(() => dispatchEvent(new Event("afterprint")));
  assert.ok((await cells(tab)) <= 200);
});

test("hostile names stay text", async () => {
  const long = "x".repeat(5000);
  const names = ["</script><script>alert(1)</script>", "<img src=x onerror=alert(2)>", "javascript:alert(3)", "\u202eevil\u2066", `=HYPERLINK("x")`, long];
  const config = `ci_access:\n  groups:\n    - id: acme/web\n      environments: ${JSON.stringify(names)}\n`;
  const address = page("hostile", { ...SMALL, [CONFIG]: config });
  const tab = await open(address);
  await tab.focus("#grid");
  await tab.keyboard.press("End");
  await tab.keyboard.press("Enter");
  const text = await tab.textContent("#panel");
  for (const name of names.filter((name) => !name.includes("\u202e"))) assert.ok(text.includes(name), name.slice(0, 40));
  assert.ok(text.includes("\\u{202e}evil\\u{2066}") && !text.includes("\u202e"));
  assert.equal(await tab.locator("img").count(), 0);
  assert.equal(await tab.locator("script").count(), 2);
  assert.deepEqual(tab.faults, []);
});

test("the page of diff has before and after, and axe finds nothing on it", async () => {
  const files = (config) => ({ "inventory.yaml": SMALL["inventory.yaml"], [CONFIG]: config });
  page("old", files("ci_access:\n  projects:\n    - id: acme/web/shop\n"));
  page("new", files("ci_access:\n  groups:\n    - id: acme/web\n      environments: [production]\n"));
  const out = path.join(root, "diff.html");
  execFileSync(process.env.KASLINT, ["diff", "./old", "./new", "--fail-on", "never", "--format", `html=${out}`], { cwd: root });
  for (const theme of ["light", "dark"]) {
    const tab = await open(`file://${out}`, { bypassCSP: true });
    await tab.selectOption("#theme", theme);
    for (const view of ["changes", "access", "map", "agents", "findings"]) {
      await tab.click(`#tab-${view}`);
      await tab.focus("#grid");
      await tab.keyboard.press("Enter");
      await tab.evaluate(axe);
      const { violations } = await tab.evaluate(() => globalThis.axe.run());
      assert.deepEqual(violations.map((one) => one.id), [], `${theme} ${view}`);
      if (process.env.SHOTS) await tab.screenshot({ path: path.join(process.env.SHOTS, `diff-${view}-${theme}.png`) });
    }
    await tab.click("#tab-changes");
    await tab.click("#row-0");
    assert.match(await tab.textContent("#panel"), /For example.*config\.yaml:3/s);
    await tab.click("#tab-access");
    await tab.fill("#search", "blog");
    assert.match(await tab.textContent(".body"), /\+ added/);
    await tab.fill("#search", "shop");
    assert.match(await tab.textContent(".body"), /~ changed/);
    assert.deepEqual(tab.faults, []);
  }
});

test("CSV has what is filtered, and no formula", async () => {
  const config = "ci_access:\n  groups:\n    - id: acme/web\n      access_as: {impersonate: {username: '=HYPERLINK(1)'}}\n";
  const tab = await open(page("csv", { ...SMALL, [CONFIG]: config }));
  await tab.fill("#search", "blog");
  const [download] = await Promise.all([tab.waitForEvent("download"), tab.click("#csv")]);
  const lines = readFileSync(await download.path(), "utf8").trimEnd().split("\r\n");
  assert.equal(lines.length, 2);
  assert.match(lines[1], /^"acme\/web\/blog","acme\/agents:prod"/);
  assert.doesNotMatch(lines[1], /(^|,)"[=+@-]/);
  assert.deepEqual(tab.faults, []);
});

test("without JavaScript it says what to do and holds the agents", async () => {
  const tab = await open(page("bare", SMALL), { javaScriptEnabled: false });
  assert.match(await tab.textContent("noscript"), /kaslint access.*acme\/agents:prod/s);
});

test("of 20,000 rows few are drawn, and every one is reached and counted", async () => {
  const projects = Array.from({ length: 20_000 }, (_, at) => `acme/web/p${at}`);
  const address = page("many", { "inventory.yaml": inventory(projects), [CONFIG]: "ci_access:\n  groups:\n    - id: acme/web\n" });
  const median = (all) => all.sort((a, b) => a - b)[all.length >> 1];
  const opened = [];
  let worst = [];
  for (let turn = 0; turn < 5; turn++) {
    const start = performance.now();
    const tab = await open(address);
    await tab.waitForSelector("#row-0");
    opened.push(performance.now() - start);
    worst.push(await tab.evaluate(async () => {
      const search = document.getElementById("search");
      const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      let most = 0;
      for (let at = 0; at < 20; at++) {
        search.value = at % 2 ? "" : `p${at}`;
        const start = performance.now();
        search.dispatchEvent(new Event("input", { bubbles: true }));
        await frame();
        most = Math.max(most, performance.now() - start);
      }
      return most;
    }));
    if (turn < 4) { await tab.context().close(); continue; }
    await tab.fill("#search", "");
    assert.equal(await tab.getAttribute("#grid", "aria-rowcount"), "20002");
    const seen = await tab.evaluate(async () => {
      const grid = document.getElementById("grid");
      const seen = new Set();
      let most = 0;
      for (let top = 0; top <= grid.scrollHeight; top += 1200) {
        grid.scrollTop = top;
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        const rows = document.querySelectorAll("[role=row]");
        most = Math.max(most, rows.length);
        for (const row of rows) seen.add(Number(row.getAttribute("aria-rowindex")));
      }
      return { most, count: seen.size };
    });
    assert.equal(seen.count, 20_002);
    assert.ok(seen.most <= 200, String(seen.most));
    await tab.focus("#grid");
    await tab.keyboard.press("End");
    assert.equal(await tab.getAttribute("#grid", "aria-activedescendant"), "row-20000");
    assert.ok((await cells(tab)) <= 200);
  }
  console.log(`20,000 rows: opened in ${Math.round(median(opened))} ms, the worst of 20 filters took ${Math.round(median(worst))} ms (medians of 5)`);
});

test("a world with nothing in it has a page", async () => {
  const tab = await open(page("nothing", { "inventory.yaml": "gitlab: {version: \"18.9\"}\nprojects: []\n" }));
  assert.match(await tab.textContent("#grid"), /There is no grant here/);
  assert.deepEqual(tab.faults, []);
});
