// Bundles the pages' scripts, styles and icons into web/static/build (hashed names, so browsers may keep them for ever)
// and writes manifest.json, by which web/assets.py finds them. Run: npm run build
import { build } from "esbuild";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const target = path.join(here, "..", "static", "build");
await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });

const result = await build({
  entryPoints: ["app.js", "app.css"].map((name) => path.join(here, name)),
  outdir: target,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["chrome111", "firefox115", "safari16"],
  minify: true,
  legalComments: "linked",
  metafile: true,
  logLevel: "warning",
});

const files = {};
for (const [output, about] of Object.entries(result.metafile.outputs)) {
  if (about.entryPoint) files[path.basename(about.entryPoint)] = path.basename(output);
}

// One consistent set (Lucide, ISC licence): only the drawings that the templates name, inlined by the macro icon().
const names = (await readFile(path.join(here, "icons.txt"), "utf8")).split(/\s+/).filter(Boolean);
const icons = {};
for (const name of names) {
  const svg = await readFile(path.join(here, "..", "..", "node_modules", "lucide-static", "icons", `${name}.svg`), "utf8");
  icons[name] = svg.replace(/[\s\S]*?<svg[^>]*>/, "").replace("</svg>", "").replace(/\s+/g, " ").trim();
}
await writeFile(path.join(target, "manifest.json"), JSON.stringify({ files, icons }, null, 1));
console.log(`web/static/build: ${Object.values(files).join(", ")}, ${names.length} icons`);
