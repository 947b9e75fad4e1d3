// A VS Code with the extension in it, and a browser that shows it.

import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { chromium } from "playwright-core";

const ENTRY = path.join(import.meta.dirname, "node_modules/code-server/out/node/entry.js");
const EXTENSION = path.join(import.meta.dirname, "../kaslint.vsix");

// What would lie over the editor, or look for the network.
const QUIET = {
  "workbench.startupEditor": "none",
  "workbench.enableExperiments": false,
  "chat.disableAIFeatures": true,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "git.enabled": false,
  "files.autoSave": "off",
};

/** Starts VS Code with these files in its workspace; `settings` are the user's. */
export async function start({ files, settings, env = {} }) {
  const root = await mkdtemp(path.join(tmpdir(), "kaslint-host-"));
  const at = (...names) => path.join(root, ...names);
  const workspace = at("workspace");
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(workspace, name)), { recursive: true });
    await writeFile(path.join(workspace, name), text);
  }
  await mkdir(at("data/User"), { recursive: true });
  await writeFile(at("data/User/settings.json"), JSON.stringify({ ...QUIET, ...settings }));
  const folders = ["--user-data-dir", at("data"), "--extensions-dir", at("extensions"), "--config", at("config.yaml")];
  const environment = { ...process.env, HOME: root, ...env };
  const install = [ENTRY, ...folders, "--install-extension", EXTENSION];
  const { stdout } = await promisify(execFile)(process.execPath, install, { env: environment });
  if (!stdout.includes("was successfully installed")) {
    throw new Error(`the extension was not installed: ${stdout}`);
  }
  const quiet = ["--auth", "none", "--disable-telemetry", "--disable-update-check", "--disable-getting-started-override"];
  const code = spawn(process.execPath, [ENTRY, ...folders, ...quiet, "--bind-addr", "127.0.0.1:0"], {
    env: environment,
    // A group of its own, so that all that it starts can be ended.
    detached: true,
  });
  let log = "";
  const address = await new Promise((resolve, reject) => {
    const hear = (data) => {
      log += data;
      const found = /listening on (http:\/\/[\d.:]+)/.exec(log);
      if (found !== null) {
        resolve(found[1]);
      }
    };
    code.stdout.on("data", hear);
    code.stderr.on("data", hear);
    code.on("exit", () => reject(new Error(`code-server ended: ${log}`)));
  });
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  page.setDefaultTimeout(60_000);

  return {
    page,
    workspace,
    /** Opens the workspace, with a file in the editor. */
    async open(file) {
      const remote = `vscode-remote://${new URL(address).host}${path.join(workspace, file)}`;
      const query = new URLSearchParams({ folder: workspace, payload: JSON.stringify([["openFile", remote]]) });
      await page.goto(`${address}/?${query}`);
      await page.waitForSelector(".monaco-editor .view-line");
    },
    /** Runs a command by its title. */
    async run(title) {
      const input = page.locator(".quick-input-widget:visible input[type=text]");
      // The list goes away when something else takes the focus meanwhile, as a file does that opens.
      for (let tries = 20; ; tries -= 1) {
        try {
          await page.keyboard.press("F1");
          await input.fill(`>${title}`, { timeout: 1000 });
          await page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first().click({ timeout: 1000 });
          break;
        } catch (error) {
          if (tries === 0) {
            throw error;
          }
          await page.keyboard.press("Escape");
        }
      }
    },
    async end() {
      await browser.close();
      try {
        process.kill(-code.pid);
      } catch {
        // It has ended.
      }
      await rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}
