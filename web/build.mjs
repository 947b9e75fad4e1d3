// Builds the page's one file: src/access_report/html/page.html, or the file that is named.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const here = (name) => new URL(name, import.meta.url);
const out = process.argv[2] ?? here("../src/access_report/html/page.html");
const options = { bundle: true, minify: true, write: false, charset: "ascii", target: ["es2022"], legalComments: "none" };
const built = async (entry) => {
  const result = await build({ ...options, entryPoints: [here(entry).pathname], format: "iife" });
  return result.outputFiles[0].text.trimEnd();
};
const script = await built("src/page.ts");
const style = await built("src/page.css");
for (const text of [script, style]) {
  if (/<\/(script|style)|<!--/i.test(text)) throw new Error("what is built would end its element");
}
const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
const policy = `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'`;
const shell = await readFile(here("src/page.html"), "utf8");
const page = shell
  .replace("{{policy}}", () => policy)
  .replace("{{style}}", () => style)
  .replace("{{script}}", () => script);
await writeFile(out, page);
