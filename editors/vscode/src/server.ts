// The server's life: found, checked, started, and ended.

import { homedir } from "node:os";

import * as vscode from "vscode";
import { LanguageClient, RevealOutputChannelOn, type LanguageClientOptions } from "vscode-languageclient/node";

import { check, find, type Surroundings } from "./binary.js";
import { forServer, SECTION } from "./options.js";

/**
 * What the server hears of. Files that a CI file includes may have any name, and other extensions give YAML files languages of
 * their own, so the name's ending counts as well as the language. The server is silent on what is not its business.
 */
export const DOCUMENTS = [
  { scheme: "file", language: "yaml" },
  { scheme: "file", pattern: "**/*.{yaml,yml}" },
];

export class Server implements vscode.Disposable {
  #client: LanguageClient | undefined;
  /** Starts and stops, one after the other. */
  #queue: Promise<void> = Promise.resolve();

  constructor(private readonly output: vscode.LogOutputChannel) {}

  start(): Promise<void> {
    return this.#next(() => this.#start());
  }

  restart(): Promise<void> {
    return this.#next(async () => {
      await this.#stop();
      await this.#start();
    });
  }

  stop(): Promise<void> {
    return this.#next(() => this.#stop());
  }

  dispose(): void {
    void this.stop();
  }

  #next(step: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(step).catch((error: unknown) => {
      void this.#tell(`kaslint does not start: ${reason(error)}`);
    });
    return this.#queue;
  }

  async #start(): Promise<void> {
    const configured = vscode.workspace.getConfiguration(SECTION).get("path", "");
    const found = await find(configured, around(vscode.workspace.workspaceFolders?.[0]));
    if ("problem" in found) {
      void this.#tell(found.problem);
      return;
    }
    const checked = await check(found.binary);
    if ("problem" in checked) {
      void this.#tell(checked.problem);
      return;
    }
    this.output.info(`${found.binary}, version ${checked.version}`);
    const client = new LanguageClient(SECTION, "kaslint", { command: found.binary, args: ["lsp"] }, this.#options());
    this.#client = client;
    await client.start();
  }

  async #stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    try {
      await client?.dispose();
    } catch (error) {
      // One that is on its way up, or hangs, cannot be asked to go. It ends when its input does.
      this.output.warn(`the server did not stop: ${reason(error)}`);
    }
  }

  #options(): LanguageClientOptions {
    return {
      documentSelector: DOCUMENTS,
      outputChannel: this.output,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      middleware: {
        workspace: {
          configuration: async (params, token, next) => {
            const answers = await next(params, token);
            if (!Array.isArray(answers)) {
              return answers;
            }
            return params.items.map((item, index) => {
              const answer: unknown = answers[index];
              if (item.section !== SECTION) {
                return answer;
              }
              const uri = item.scopeUri === undefined ? undefined : vscode.Uri.parse(item.scopeUri);
              const folder = uri === undefined ? undefined : vscode.workspace.getWorkspaceFolder(uri);
              return forServer(answer, around(folder ?? vscode.workspace.workspaceFolders?.[0]));
            });
          },
        },
      },
    };
  }

  async #tell(problem: string): Promise<void> {
    this.output.error(problem);
    const settings = "Open Settings";
    const output = "Show Output";
    const chosen = await vscode.window.showErrorMessage(problem, settings, output);
    if (chosen === settings) {
      await vscode.commands.executeCommand("workbench.action.openSettings", `${SECTION}.path`);
    } else if (chosen === output) {
      this.output.show();
    }
  }
}

function around(folder: vscode.WorkspaceFolder | undefined): Surroundings {
  return {
    env: process.env,
    platform: process.platform,
    home: homedir(),
    folder: folder?.uri.scheme === "file" ? folder.uri.fsPath : undefined,
  };
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
