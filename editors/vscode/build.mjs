// Bundles the extension into dist/ and its tests into out/.

import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import { build } from "esbuild";

// What VS Code 1.91 has, the oldest that package.json asks for.
const target = "node20";
const common = { bundle: true, platform: "node", format: "cjs", target, legalComments: "none", logLevel: "warning" };

await rm("dist", { recursive: true, force: true });
await rm("out", { recursive: true, force: true });

const { metafile } = await build({
  ...common,
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  external: ["vscode"],
  minify: true,
  metafile: true,
});
await writeFile("dist/NOTICES.txt", await notices(Object.keys(metafile.inputs)));

const tests = (await readdir("test")).filter((name) => name.endsWith(".test.ts"));
await build({
  ...common,
  entryPoints: tests.map((name) => path.join("test", name)),
  outdir: "out",
  outExtension: { ".js": ".cjs" },
  external: ["vscode"],
});

/** The licences of what was bundled: they ask to be passed on. */
async function notices(inputs) {
  const folders = new Set();
  for (const input of inputs) {
    const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
    if (folder !== undefined) {
      folders.add(folder);
    }
  }
  const parts = [];
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e(\.\w+)?$/i.test(entry));
    if (file === undefined) {
      throw new Error(`${name} has no file with its licence`);
    }
    const text = await readFile(path.join(folder, file), "utf8");
    parts.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  return `The file extension.js holds these packages.\n\n${parts.join("\n----\n\n")}`;
}
