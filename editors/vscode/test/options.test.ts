import assert from "node:assert/strict";
import { test } from "node:test";

import { forServer } from "../src/options.js";

const around = { home: "/home/ada", folder: "/w" };

test("what is not set is not told", () => {
  const defaults = { path: "", project: "", tier: "", select: [], inlayHints: false, trace: { server: "messages" } };
  assert.deepEqual(forServer(defaults, around), { select: [], inlayHints: false });
  for (const nothing of [undefined, null, "kaslint", {}]) {
    assert.deepEqual(forServer(nothing, around), {});
  }
});

test("what is set is told as it is, paths written out", () => {
  const section = {
    path: "/opt/kaslint",
    project: "~/x",
    inventory: "~/inventory.yaml",
    settings: "${workspaceFolder}/ci/kaslint.yaml",
    gitlabVersion: "18.4",
    tier: "premium",
    ignore: ["unknown-key"],
    codeLens: true,
    documentationUrl: "https://example.com/rules",
    another: 1,
  };
  assert.deepEqual(forServer(section, around), {
    project: "~/x",
    inventory: "/home/ada/inventory.yaml",
    settings: "/w/ci/kaslint.yaml",
    gitlabVersion: "18.4",
    tier: "premium",
    ignore: ["unknown-key"],
    codeLens: true,
    documentationUrl: "https://example.com/rules",
  });
});

test("a value of another type is left to the server to complain about", () => {
  assert.deepEqual(forServer({ inventory: 1, tier: ["free"] }, around), { inventory: 1, tier: ["free"] });
});
