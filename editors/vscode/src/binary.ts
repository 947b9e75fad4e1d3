// Where the program lies, and whether it is one. Nothing here knows VS Code, so that it can be tested without.

import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import * as path from "node:path";

/** What finding depends on. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  /** The first folder of the workspace, if it lies on a disk. */
  readonly folder: string | undefined;
}

export type Found = { readonly binary: string } | { readonly problem: string };
export type Checked = { readonly version: string } | { readonly problem: string };

const NAME = "kaslint";

/** Writes out what may stand at the beginning of a path in the settings; VS Code leaves that to extensions. */
export function expand(text: string, around: Pick<Surroundings, "home" | "folder">): string {
  const folder = around.folder;
  const whole = folder === undefined ? text : text.replace(/^\$\{workspaceFolder\}/, () => folder);
  return whole.replace(/^~(?=$|[/\\])/, () => around.home);
}

/** Finds the program that `kaslint.path` names, or else `kaslint` on the PATH. */
export async function find(configured: string, around: Surroundings): Promise<Found> {
  const wanted = expand(configured.trim(), around);
  if (wanted === "") {
    const binary = await onPath(NAME, around);
    return binary === undefined
      ? { problem: "kaslint is not on the PATH. Install it, or write in the setting kaslint.path where it lies." }
      : { binary };
  }
  if (isAbsolute(wanted, around)) {
    return (await isProgram(wanted, around.platform))
      ? { binary: wanted }
      : { problem: `The setting kaslint.path names ${wanted}, and there is no program.` };
  }
  // A relative path would run whatever lies there in the workspace that happens to be open.
  if (/[/\\]/.test(wanted)) {
    return {
      problem: `The setting kaslint.path is ${wanted}. Write a full path, a name that is on the PATH, or begin with ~ or \${workspaceFolder}.`,
    };
  }
  const binary = await onPath(wanted, around);
  return binary === undefined
    ? { problem: `The setting kaslint.path is ${wanted}, and no program of this name is on the PATH.` }
    : { binary };
}

/** Runs the program once: it must say that it is kaslint. */
export function check(binary: string, timeout = 10_000): Promise<Checked> {
  return new Promise((resolve) => {
    execFile(binary, ["--version"], { timeout, windowsHide: true }, (error, stdout, stderr) => {
      if (error !== null) {
        const reason = error.killed ? `it did not answer within ${timeout / 1000} seconds` : firstLine(stderr) || firstLine(error.message);
        resolve({ problem: `${binary} does not run: ${reason}` });
        return;
      }
      const version = /^kaslint (\d+\.\d+\.\d+\S*)\s*$/.exec(stdout)?.[1];
      resolve(version === undefined ? { problem: `${binary} is not kaslint: asked for its version, it says "${firstLine(stdout)}".` } : { version });
    });
  });
}

async function onPath(name: string, around: Surroundings): Promise<string | undefined> {
  const paths = lib(around.platform);
  // Only .exe on Windows: scripts would need a shell.
  const file = around.platform === "win32" && paths.extname(name) === "" ? `${name}.exe` : name;
  for (const folder of (around.env["PATH"] ?? "").split(paths.delimiter)) {
    // Empty and relative ones mean the current folder, which is the workspace.
    if (!isAbsolute(folder, around)) {
      continue;
    }
    const candidate = paths.join(folder, file);
    if (await isProgram(candidate, around.platform)) {
      return candidate;
    }
  }
  return undefined;
}

async function isProgram(file: string, platform: NodeJS.Platform): Promise<boolean> {
  try {
    await access(file, platform === "win32" ? constants.F_OK : constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

function isAbsolute(file: string, around: Surroundings): boolean {
  return lib(around.platform).isAbsolute(file);
}

function lib(platform: NodeJS.Platform): path.PlatformPath {
  return platform === "win32" ? path.win32 : path.posix;
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0]?.trim() ?? "";
}
