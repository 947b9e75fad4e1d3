// The extension in a real VS Code: what somebody sees who opens a file.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";

import { start } from "./vscode.mjs";

const FILE = ".gitlab/agents/production/config.yaml";
const BROKEN = "ci_access:\n  project:\n    - id: acme/web/shop\n";
const MENDED = BROKEN.replace("project:", "projects:");
const TRUSTED = { "security.workspace.trust.enabled": false };
const KASLINT = process.env.KASLINT;
const MESSAGE = messageOf(BROKEN);
const limit = { timeout: 180_000 };

let running;
after(() => running?.end());

/** What the command line says of a file: VS Code has to say the same. */
function messageOf(text) {
  const empty = mkdtempSync(path.join(tmpdir(), "kaslint-said-"));
  try {
    const said = spawnSync(KASLINT, ["check", "--isolated", "--format", "json", "--stdin-filename", FILE, "-"], {
      cwd: empty,
      input: text,
      encoding: "utf8",
    });
    return JSON.parse(said.stdout).findings[0].message;
  } finally {
    rmSync(empty, { recursive: true });
  }
}

/** Runs `look` at a VS Code; if it fails, a picture is left. */
async function within(name, setting, look) {
  running = await start(setting);
  try {
    await look(running);
  } catch (error) {
    const picture = path.join(import.meta.dirname, "node_modules", `${name}.png`);
    await running.page.screenshot({ path: picture });
    console.error(`what was seen: ${picture}`);
    throw error;
  } finally {
    await running.end();
    running = undefined;
  }
}

/** Looks again and again; a test that hung would leave VS Code running. */
async function until(holds, seconds = 60) {
  for (const end = Date.now() + seconds * 1000; !(await holds()); await new Promise((resolve) => setTimeout(resolve, 100))) {
    assert.ok(Date.now() < end, `not after ${seconds} seconds: ${holds}`);
  }
}

const problems = (page) => page.locator(".markers-panel .monaco-list-row");

test("a finding stands in the list of problems, its page opens, and its fix mends the file", limit, () =>
  within("finding", { files: { [FILE]: BROKEN }, settings: { ...TRUSTED, "kaslint.path": KASLINT } }, async (code) => {
    const { page } = code;
    await code.open(FILE);
    await page.waitForSelector(".monaco-editor .squiggly-error");
    await code.run("Problems: Focus on Problems View");
    const row = problems(page).filter({ hasText: MESSAGE });
    await row.waitFor();

    await row.getByText("unknown-key", { exact: true }).click({ modifiers: ["ControlOrMeta"] });
    await page.locator(".tab.active", { hasText: "unknown-key" }).waitFor();
    await page.locator(".editor-instance .view-line", { hasText: "# unknown-key" }).first().waitFor();
    await page.locator(".statusbar-item", { hasText: "Markdown" }).waitFor();
    await code.run("View: Close Editor");

    await code.run("Problems: Focus on Problems View");
    await row.dblclick();
    await page.waitForSelector(".editor-instance .monaco-editor.focused");
    // A key that is pressed while the focus still moves is lost, so it is pressed again.
    const fix = page.locator(".action-widget .monaco-list-row", { hasText: "projects" }).first();
    await until(async () => {
      await page.keyboard.press("ControlOrMeta+.");
      return fix.waitFor({ timeout: 5000 }).then(() => true, () => false);
    });
    await fix.click();
    await page.locator(".editor-instance .view-line", { hasText: "projects:" }).waitFor();
    await page.locator(".markers-panel", { hasText: "No problems have been detected" }).waitFor();
    await until(async () => {
      await page.keyboard.press("ControlOrMeta+s");
      await page.waitForTimeout(1000);
      return (await readFile(path.join(code.workspace, FILE), "utf8")) === MENDED;
    });
  }),
);

test("files that are not open are checked too, saving makes the safe fixes, and entries say what they come to", limit, () => {
  const other = ".gitlab/agents/staging/config.yaml";
  const settings = {
    ...TRUSTED,
    "kaslint.path": KASLINT,
    "kaslint.inlayHints": true,
    "kaslint.codeLens": true,
    "[yaml]": { "editor.codeActionsOnSave": { "source.fixAll.kaslint": "explicit" } },
  };
  return within("saving", { files: { [FILE]: BROKEN, [other]: BROKEN }, settings }, async (code) => {
    const { page } = code;
    await code.open(FILE);
    await page.waitForSelector(".monaco-editor .squiggly-error");
    await code.run("Problems: Focus on Problems View");
    await problems(page).filter({ hasText: "agents/production" }).waitFor();
    await problems(page).filter({ hasText: "agents/staging" }).waitFor();

    // A key that is pressed while the focus still moves is lost, so it is pressed again.
    await until(async () => {
      await page.locator(".editor-instance .view-line", { hasText: "acme/web/shop" }).click();
      await page.keyboard.press("ControlOrMeta+s");
      await page.waitForTimeout(1000);
      return (await readFile(path.join(code.workspace, FILE), "utf8")) === MENDED;
    });
    assert.equal(await readFile(path.join(code.workspace, other), "utf8"), BROKEN);
    await problems(page).filter({ hasText: "agents/production" }).waitFor({ state: "detached" });
    await problems(page).filter({ hasText: "agents/staging" }).waitFor();
    await page.locator(".editor-instance .view-line", { hasText: "· agent" }).waitFor();
    await page.locator(".editor-instance .codelens-decoration").first().waitFor();
  });
});

test("keys explain themselves", limit, () =>
  within("hover", { files: { [FILE]: MENDED }, settings: { ...TRUSTED, "kaslint.path": KASLINT } }, async (code) => {
    const { page } = code;
    await code.open(FILE);
    const hover = page.locator(".monaco-hover:visible", { hasText: "ci_access" });
    await until(async () => {
      await page.mouse.move(700, 700);
      await page.locator(".editor-instance .view-line span span", { hasText: "ci_access" }).first().hover();
      await page.waitForTimeout(1000);
      return (await hover.count()) > 0;
    });
  }),
);

test("a workspace that is not trusted does not say which program runs", limit, () => {
  const settings = { "security.workspace.trust.startupPrompt": "never", "kaslint.path": KASLINT };
  const files = {
    [FILE]: BROKEN,
    ".vscode/settings.json": '{"kaslint.path": "${workspaceFolder}/evil"}',
    evil: "#!/bin/sh\ntouch \"$(dirname \"$0\")/ran\"\n",
  };
  return within("trust", { files, settings }, async (code) => {
    const { page } = code;
    const evil = path.join(code.workspace, "evil");
    await chmod(evil, 0o755);
    await code.open(FILE);
    await page.waitForSelector(".monaco-editor .squiggly-error");
    assert.ok(!existsSync(path.join(code.workspace, "ran")));
    // The same program is run as soon as the workspace is trusted: what kept it from running is the lack of trust.
    await page.locator(".statusbar-item", { hasText: "Restricted Mode" }).click();
    await page.locator(".workspace-trust-editor .monaco-button", { hasText: /^Trust$/ }).first().click();
    await page.locator(".notification-toast, .notifications-toasts", { hasText: "is not kaslint" }).first().waitFor();
    assert.ok(existsSync(path.join(code.workspace, "ran")));
  });
});

test("a program that is missing is told, and found and restarted once it is there", limit, () => {
  const settings = { ...TRUSTED, "kaslint.path": "/nowhere/kaslint" };
  const mine = `#!/bin/sh\necho "$1" >> "$(dirname "$0")/starts"\nexec "${KASLINT}" "$@"\n`;
  return within("missing", { files: { [FILE]: BROKEN, mine }, settings }, async (code) => {
    const { page } = code;
    await code.open(FILE);
    const told = "The setting kaslint.path names /nowhere/kaslint, and there is no program.";
    await page.locator(".notifications-toasts", { hasText: told }).first().waitFor();
    assert.equal(await page.locator(".monaco-editor .squiggly-error").count(), 0);

    await chmod(path.join(code.workspace, "mine"), 0o755);
    await mkdir(path.join(code.workspace, ".vscode"));
    await writeFile(path.join(code.workspace, ".vscode/settings.json"), '{"kaslint.path": "${workspaceFolder}/mine"}');
    await page.waitForSelector(".monaco-editor .squiggly-error");
    const starts = () => readFile(path.join(code.workspace, "starts"), "utf8");
    assert.equal(await starts(), "--version\nlsp\n");

    await code.run("kaslint: Restart Server");
    await until(async () => (await starts()) === "--version\nlsp\n--version\nlsp\n");
    await page.waitForSelector(".monaco-editor .squiggly-error");
    await code.run("kaslint: Show Output");
    await page.locator(".panel .view-line", { hasText: "mine, version " }).first().waitFor();
    await page.locator(".panel .view-line", { hasText: "Server process exited successfully" }).first().waitFor();
  });
});
