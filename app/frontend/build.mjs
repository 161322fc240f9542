/**
 * Bundle the front end into app/natgrad_lecture/static, minified.
 *
 *   node build.mjs           write the bundles
 *   node build.mjs --watch   write them, with source maps, whenever a source changes
 *   node build.mjs --check   fail if the bundles in the checkout are not those of the sources
 *
 * A source map stands in the bundle itself, where every page finds it, a notebook's too. Bundles with
 * maps are not to be committed: --check tells them from those without.
 */

import { readdirSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const OUT = join(HERE, "../natgrad_lecture/static");

/** The front end's words in other languages than English, a file each. */
const CATALOGS = readdirSync(join(HERE, "src/i18n"))
  .filter((name) => /^(?!en)\w\w\.js$/.test(name))
  .map((name) => `src/i18n/${name}`);

/** Modules, for anywidget and for `<script type="module">`. */
const MODULES = [
  "src/lesson_view.js",
  "src/export/makers.js",
  "src/canvas/model_picture.js",
  "src/canvas/plotly_charts.js",
  "src/entry/classroom.js",
  ...CATALOGS,
  "src/entry/offline.js",
];

/** Modules of our own pages, which fetch beside them what is imported when it is wanted. */
const LIVE = ["src/entry/live_page.js"];

/**
 * Tells Chromium to compile each function as the file comes, in a thread beside the page's: nearly
 * all of them are called before the first picture, and would be compiled one by one as they are.
 */
const CALLED_ON_LOAD = "//# allFunctionsCalledOnLoad";

/** Scripts that run where they stand: inline, or before anything is drawn. */
const SCRIPTS = [
  "src/entry/saved_page.js",
  "src/entry/home.js",
  "src/entry/waiting_page.js",
  "src/entry/offline_worker.js",
];

const watching = process.argv.includes("--watch");

/** @type {esbuild.BuildOptions} */
const common = {
  absWorkingDir: HERE,
  bundle: true,
  charset: "utf8",
  entryNames: "[name]",
  legalComments: "none",
  logLevel: "warning",
  minify: true,
  outdir: OUT,
  platform: "browser",
  sourcemap: watching ? "inline" : false,
  target: "esnext",
  write: false,
};

/** @type {esbuild.Plugin} */
const fetchedLater = {
  name: "fetched later",
  setup: (build) =>
    build.onResolve({ filter: /^\./ }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path: `./${basename(path)}`, external: true } : undefined,
    ),
};

/** @type {esbuild.BuildOptions[]} */
const BUILDS = [
  { ...common, entryPoints: MODULES, format: "esm" },
  {
    ...common,
    banner: { js: CALLED_ON_LOAD },
    entryPoints: LIVE,
    format: "esm",
    plugins: [fetchedLater],
  },
  {
    ...common,
    entryPoints: [...SCRIPTS, "styles/lesson.css", "styles/classroom.css"],
    format: "iife",
  },
];

/** @param {esbuild.OutputFile[]} files */
async function write(files) {
  await mkdir(OUT, { recursive: true });
  await Promise.all(files.map(({ path, contents }) => writeFile(path, contents)));
}

/** @param {esbuild.OutputFile[]} files */
async function check(files) {
  const same = await Promise.all(
    files.map(async ({ path, contents }) => {
      const kept = await readFile(path).catch(() => Buffer.alloc(0));
      return kept.equals(contents);
    }),
  );
  const stale = files.filter((_, i) => !same[i]).map(({ path }) => basename(path));
  if (!stale.length) return;
  console.error(`Not built from the present sources: ${stale.join(", ")}. Run \`make frontend\`.`);
  process.exitCode = 1;
}

/** @type {esbuild.Plugin} */
const writing = {
  name: "write",
  setup: (build) =>
    build.onEnd(async ({ errors, outputFiles = [] }) => {
      if (errors.length) return;
      await write(outputFiles);
      console.log(`Wrote ${outputFiles.map(({ path }) => basename(path)).join(", ")}`);
    }),
};

if (watching) {
  for (const options of BUILDS) {
    const context = await esbuild.context({
      ...options,
      plugins: [...(options.plugins ?? []), writing],
    });
    await context.watch();
  }
} else {
  const built = await Promise.all(BUILDS.map((options) => esbuild.build(options)));
  const files = built.flatMap(({ outputFiles }) => outputFiles ?? []);
  await (process.argv.includes("--check") ? check(files) : write(files));
}
