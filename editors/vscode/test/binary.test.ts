import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { check, expand, find, type Surroundings } from "../src/binary.js";

let folder = "";

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "kaslint-vscode-"));
});

after(() => rm(folder, { recursive: true }));

/** A program that a shell runs. */
async function program(name: string, script: string): Promise<string> {
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return file;
}

function around(search: string, rest: Partial<Surroundings> = {}): Surroundings {
  return { env: { PATH: search }, platform: "linux", home: folder, folder: undefined, ...rest };
}

test("nothing configured means the PATH, in its order", async () => {
  const second = await program("second/kaslint", "true");
  const third = await program("third/kaslint", "true");
  const search = ["first", "second", "third"].map((name) => path.join(folder, name)).join(":");
  assert.deepEqual(await find("", around(search)), { binary: second });
  assert.deepEqual(await find("  ", around(path.dirname(third))), { binary: third });
});

test("what cannot be run is passed over", async () => {
  const there = await program("runs/kaslint", "true");
  await mkdir(path.join(folder, "a-folder/kaslint"), { recursive: true });
  await chmod(await program("data/kaslint", "true"), 0o644);
  const search = ["a-folder", "data", "runs"].map((name) => path.join(folder, name)).join(":");
  assert.deepEqual(await find("", around(search)), { binary: there });
});

test("places on the PATH that mean the current folder are passed over", async () => {
  await program("here/kaslint", "true");
  const before = process.cwd();
  process.chdir(path.join(folder, "here"));
  try {
    for (const search of ["", ".", ":", "../here"]) {
      assert.ok("problem" in (await find("", around(search))), JSON.stringify(search));
    }
  } finally {
    process.chdir(before);
  }
});

test("one that is missing is told with what to do", async () => {
  assert.deepEqual(await find("", around(folder)), {
    problem: "kaslint is not on the PATH. Install it, or write in the setting kaslint.path where it lies.",
  });
  assert.deepEqual(await find("", { ...around(""), env: {} }), await find("", around("")));
  assert.deepEqual(await find("/nowhere/kaslint", around(folder)), {
    problem: "The setting kaslint.path names /nowhere/kaslint, and there is no program.",
  });
  assert.deepEqual(await find("kaslint-next", around(folder)), {
    problem: "The setting kaslint.path is kaslint-next, and no program of this name is on the PATH.",
  });
});

test("a configured path is taken as it is, a name from the PATH", async () => {
  const there = await program("mine/kaslint-next", "true");
  assert.deepEqual(await find(there, around("")), { binary: there });
  assert.deepEqual(await find("~/mine/kaslint-next", around("")), { binary: there });
  assert.deepEqual(await find("${workspaceFolder}/mine/kaslint-next", around("", { home: "/", folder })), { binary: there });
  assert.deepEqual(await find("kaslint-next", around(path.dirname(there))), { binary: there });
});

test("a relative path is refused, and so is a workspace folder that there is not", async () => {
  for (const text of ["./kaslint", "target/release/kaslint", "..\\kaslint", "${workspaceFolder}/kaslint"]) {
    const found = await find(text, around(folder));
    assert.ok("problem" in found && found.problem.includes("Write a full path"), text);
  }
});

test("beginnings of paths are written out, and nothing else", () => {
  const known = { home: "/home/ada", folder: "/w/$&" };
  assert.equal(expand("~", known), "/home/ada");
  assert.equal(expand("~/a", known), "/home/ada/a");
  assert.equal(expand("~ada/a", known), "~ada/a");
  assert.equal(expand("a/~/b", known), "a/~/b");
  assert.equal(expand("${workspaceFolder}/i.yaml", known), "/w/$&/i.yaml");
  assert.equal(expand("a/${workspaceFolder}", known), "a/${workspaceFolder}");
});

test("the program has to say that it is kaslint", async () => {
  const checked = async (name: string, script: string) => check(await program(name, script));
  assert.deepEqual(await checked("good", "echo kaslint 0.1.0"), { version: "0.1.0" });
  assert.deepEqual(await checked("pre", "echo kaslint 1.0.0-rc.1"), { version: "1.0.0-rc.1" });
  const other = await checked("other", "echo another 0.1.0");
  assert.ok("problem" in other && other.problem.endsWith('is not kaslint: asked for its version, it says "another 0.1.0".'));
  const fails = await checked("fails", "echo 'a library is missing' >&2; exit 127");
  assert.ok("problem" in fails && fails.problem.endsWith("does not run: a library is missing"));
  const nowhere = await check(path.join(folder, "nowhere"));
  assert.ok("problem" in nowhere && nowhere.problem.includes("does not run: "));
});

test("a program that hangs is not waited for", async () => {
  const hangs = await check(await program("hangs", "exec sleep 60"), 200);
  assert.ok("problem" in hangs && hangs.problem.endsWith("does not run: it did not answer within 0.2 seconds"));
});
