// A stand-in for the module `vscode`, as far as it takes to load the extension, and to hear what it does before a server runs.

import Module from "node:module";

export interface Heard {
  readonly commands: Map<string, (...args: unknown[]) => unknown>;
  readonly errors: string[];
  readonly log: string[];
}

/** Puts the stand-in in place of `vscode` for everything that is loaded from now on. */
export function install(settings: Record<string, unknown>): Heard {
  const heard: Heard = { commands: new Map(), errors: [], log: [] };
  const disposable = { dispose: () => undefined };
  const event = () => disposable;
  const events = (...names: string[]) => Object.fromEntries(names.map((name) => [`onDid${name}`, event]));
  const write = (text: string) => heard.log.push(text);
  const output = {
    ...disposable,
    logLevel: 3,
    trace: write,
    debug: write,
    info: write,
    warn: write,
    error: write,
    appendLine: write,
    show: () => undefined,
    onDidChangeLogLevel: event,
  };
  const known: Record<string, unknown> = {
    version: "1.91.0",
    EventEmitter: class {
      readonly event = event;
      readonly fire = () => undefined;
      readonly dispose = () => undefined;
    },
    env: { appName: "a stand-in", language: "en" },
    LogLevel: { Off: 0, Trace: 1, Debug: 2, Info: 3, Warning: 4, Error: 5 },
    commands: {
      registerCommand: (name: string, run: (...args: unknown[]) => unknown) => {
        heard.commands.set(name, run);
        return disposable;
      },
      executeCommand: async () => undefined,
    },
    window: {
      createOutputChannel: () => output,
      showErrorMessage: async (text: string) => void heard.errors.push(text),
    },
    workspace: {
      workspaceFolders: undefined,
      getConfiguration: (section: string) => ({
        get: (key: string, otherwise: unknown) => settings[`${section}.${key}`] ?? otherwise,
      }),
      ...events("ChangeConfiguration", "OpenTextDocument", "ChangeTextDocument", "CloseTextDocument"),
    },
  };
  // The client's library derives classes from many of VS Code's as it is loaded.
  const module = new Proxy(known, {
    get: (target, name) => (name in target || typeof name !== "string" ? target[name as string] : (target[name] = class {})),
  });
  const loader = Module as unknown as { _load: (name: string, ...rest: unknown[]) => unknown };
  const load = loader._load;
  loader._load = (name, ...rest) => (name === "vscode" ? module : load(name, ...rest));
  return heard;
}
