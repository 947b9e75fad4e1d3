// package.json and the code say the same.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import path from "node:path";
import { test } from "node:test";

import { OWN, SECTION, SERVERS } from "../src/options.js";
import { install } from "./stand-in.js";

interface Property {
  readonly type: string;
  readonly scope: string;
  readonly default: unknown;
  readonly enum?: readonly string[];
  readonly markdownDescription: string;
}

const root = path.dirname(__dirname);
const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
const properties = Object.entries<Property>(manifest.contributes.configuration.properties);
const sources = readdirSync(path.join(root, "src")).map((name) => readFileSync(path.join(root, "src", name), "utf8"));

test("the settings are those that the code reads", () => {
  const contributed = properties.map(([name]) => name.split(".")).map(([section, key]) => {
    assert.equal(section, SECTION);
    return key;
  });
  assert.deepEqual(contributed.sort(), [...OWN, ...SERVERS].sort());
});

test("the settings that the code names are contributed", () => {
  const names = sources.flatMap((text) => [...text.matchAll(/\.get\("([^"]+)"|\$\{SECTION\}\.(\w+)/g)]).map((match) => match[1] ?? match[2]);
  assert.ok(names.length > 0);
  for (const name of names) {
    assert.ok(properties.some(([property]) => property === `${SECTION}.${name}`), name);
  }
});

test("the settings are those that the server reads", (t) => {
  const file = path.join(root, "../../src/lsp/options.rs");
  if (!existsSync(file)) {
    t.skip("the server's source is not here");
    return;
  }
  const table = /match key \{(.*?)\n +_ =>/s.exec(readFileSync(file, "utf8"))?.[1] ?? "";
  const arms = [...table.matchAll(/^ +"(\w+)" =>/gm)].map((match) => match[1]);
  assert.deepEqual(arms.sort(), [...SERVERS].sort());
});

test("every setting has a default that it allows, and a description", () => {
  for (const [name, property] of properties) {
    const kind = Array.isArray(property.default) ? "array" : typeof property.default;
    assert.equal(kind, property.type, name);
    assert.ok(property.enum === undefined || property.enum.includes(String(property.default)), name);
    assert.ok(property.markdownDescription.endsWith("."), name);
  }
});

test("a workspace that is not trusted cannot say which program runs", () => {
  const { untrustedWorkspaces, virtualWorkspaces } = manifest.capabilities;
  assert.equal(untrustedWorkspaces.supported, "limited");
  assert.deepEqual(untrustedWorkspaces.restrictedConfigurations, ["kaslint.path", "kaslint.settings", "kaslint.inventory", "kaslint.agentSchema"]);
  assert.equal(virtualWorkspaces.supported, false);
  const scopes = Object.fromEntries(properties.map(([name, property]) => [name, property.scope]));
  assert.equal(scopes["kaslint.path"], "machine-overridable");
  for (const key of SERVERS) {
    assert.equal(scopes[`kaslint.${key}`], "resource", key);
  }
});

test("it wakes up for what the server looks at", () => {
  const events: string[] = manifest.activationEvents;
  for (const event of ["onLanguage:yaml", "workspaceContains:**/.gitlab/agents/**", "workspaceContains:**/.gitlab-ci.yml"]) {
    assert.ok(events.includes(event), event);
  }
  // VS Code wakes extensions for their commands by itself.
  assert.ok(events.every((event) => /^(onLanguage|workspaceContains):/.test(event)));
});

test("the bundle needs nothing but VS Code and Node", () => {
  const bundle = readFileSync(path.join(root, manifest.main), "utf8");
  for (const [, name] of bundle.matchAll(/\brequire\("([^"]+)"\)/g)) {
    assert.ok(name !== undefined && (name === "vscode" || isBuiltin(name)), name);
  }
});

test("the bundle is what package.json names, and registers the commands", async () => {
  const heard = install({ "kaslint.path": "/nowhere/kaslint" });
  const extension = createRequire(__filename)(path.join(root, manifest.main));
  const subscriptions: unknown[] = [];
  await extension.activate({ subscriptions });
  const contributed: { command: string }[] = manifest.contributes.commands;
  assert.deepEqual([...heard.commands.keys()].sort(), contributed.map(({ command }) => command).sort());
  const missing = "The setting kaslint.path names /nowhere/kaslint, and there is no program.";
  assert.deepEqual(heard.errors, [missing]);
  await heard.commands.get("kaslint.restart")?.();
  assert.deepEqual(heard.errors, [missing, missing]);
  heard.commands.get("kaslint.showOutput")?.();
  await extension.deactivate();
});

test("nothing is run at installation, and packages are pinned", () => {
  for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
    assert.match(String(version), /^\d+\.\d+\.\d+$/, name);
  }
  assert.deepEqual(Object.keys(manifest.dependencies), ["vscode-languageclient"]);
  for (const script of ["preinstall", "install", "postinstall", "prepare"]) {
    assert.equal(manifest.scripts[script], undefined);
  }
});
