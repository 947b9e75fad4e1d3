import * as vscode from "vscode";

import { SECTION } from "./options.js";
import { Server } from "./server.js";

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel("kaslint", { log: true });
  const running = new Server(output);
  server = running;
  context.subscriptions.push(
    output,
    vscode.commands.registerCommand("kaslint.restart", () => running.restart()),
    vscode.commands.registerCommand("kaslint.showOutput", () => output.show()),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      // The server asks for everything else by itself.
      if (event.affectsConfiguration(`${SECTION}.path`)) {
        await running.restart();
      }
    }),
  );
  await running.start();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
  server = undefined;
}
