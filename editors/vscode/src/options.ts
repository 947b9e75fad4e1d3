// What the server is told of the settings. Nothing here knows VS Code, so that it can be tested without.

import { expand, type Surroundings } from "./binary.js";

/** The section of the settings. */
export const SECTION = "kaslint";

/** What the extension reads for itself, and the server has no use for. */
export const OWN = ["path", "trace"];

/** What the server reads. */
export const SERVERS = [
  "project",
  "inventory",
  "agentSchema",
  "gitlabVersion",
  "tier",
  "settings",
  "select",
  "ignore",
  "inlayHints",
  "codeLens",
  "documentationUrl",
];

/** Those that are paths. */
const PATHS = ["inventory", "agentSchema", "settings"];

/**
 * The section as the server shall see it. Empty texts stand for what is not set, since the settings editor cannot unset, and are
 * left out; so is what the extension has for itself.
 */
export function forServer(section: unknown, around: Pick<Surroundings, "home" | "folder">): Record<string, unknown> {
  const told: Record<string, unknown> = {};
  if (typeof section !== "object" || section === null) {
    return told;
  }
  for (const [key, value] of Object.entries(section)) {
    if (!SERVERS.includes(key) || value === "" || value === null || value === undefined) {
      continue;
    }
    told[key] = PATHS.includes(key) && typeof value === "string" ? expand(value, around) : value;
  }
  return told;
}
