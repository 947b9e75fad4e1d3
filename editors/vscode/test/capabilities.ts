// What the extension's client tells a server that it can do, taken from the client itself.

import type { ClientCapabilities } from "vscode-languageserver-protocol/node";

import { install } from "./stand-in.js";

export async function capabilities(): Promise<ClientCapabilities> {
  install({});
  // Loaded only now, since it loads `vscode`.
  const { LanguageClient } = await import("vscode-languageclient/node");
  const client = new LanguageClient("kaslint", "kaslint", { command: "kaslint" }, { documentSelector: [] });
  return (client as unknown as { computeClientCapabilities(): ClientCapabilities }).computeClientCapabilities();
}
