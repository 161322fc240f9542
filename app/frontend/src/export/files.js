// The files that a reader exports, by kind: each act makes one and saves it, or copies its text. What
// it returns is told to the reader.

import { makeOutlineCache } from "../canvas/static_layer.js";
import { say } from "../i18n/en.js";
import { asFilm, asGif } from "./animation.js";
import { copy } from "./clipboard.js";
import { asCsv, asJson } from "./data_tables.js";
import { asSvg, onCanvas } from "./figure_export.js";
import { asPng } from "./png.js";
import { save } from "./save_file.js";
import { SvgPath } from "./svg_path.js";

const PER_INCH = 300; // of a picture 180 mm across
const RATIO = 2; // pixels to one of the drawing's, which has half of them
const FILM_RATIO = 0.75;
const EVEN = 2; // a film's sides are, for its encoders

/**
 * @typedef {import("./figure_layout.js").Figure} Figure
 * @typedef {Omit<Figure, "palette" | "theme" | "cache">} Scene what is on the page, without its colors
 * @typedef {{ kind: string, text?: string, bytes?: DataView }} Exported
 *
 * @param {object} page
 * @param {string} page.name the lesson's
 * @param {() => Scene} page.scene
 * @param {Pick<Figure, "palette" | "theme">} page.screen
 * @param {() => Palette} page.onPaper
 * @param {(kind: string) => Promise<Exported>} page.engine
 * @param {(part: number) => void} page.onProgress
 * @returns {Record<string, () => unknown>}
 */
export function makeFiles({ name, scene, screen, onPaper, engine, onProgress }) {
  /**
   * @param {Outlines} cache
   * @returns {Figure}
   */
  const paper = (cache) => ({ ...scene(), palette: onPaper(), theme: "light", cache });
  /** @returns {Figure} */
  const moving = () => ({ ...scene(), ...screen, cache: makeOutlineCache() });

  /**
   * @param {string} kind
   * @param {string} ending
   * @param {string} type
   */
  async function copied(kind, ending, type) {
    const { text = "" } = await engine(kind);
    if (await copy(text)) return say("copied");
    save(`${name}.${ending}`, text, type);
  }

  return {
    async png() {
      const figure = paper(makeOutlineCache());
      const poster = onCanvas(figure, RATIO);
      poster.at(figure.k);
      const source = figure.link;
      save(`${name}.png`, await asPng(poster.canvas, { perInch: PER_INCH, source }));
    },
    svg() {
      const outlines = makeOutlineCache(/** @type {PathKind} */ (/** @type {unknown} */ (SvgPath)));
      save(`${name}.svg`, asSvg(paper(outlines)), "image/svg+xml");
    },
    async gif() {
      const figure = moving();
      const poster = onCanvas(figure, FILM_RATIO);
      save(`${name}.gif`, await asGif(poster, figure.answer.steps, onProgress));
    },
    async film() {
      const figure = moving();
      const film = await asFilm(onCanvas(figure, 1, EVEN), figure.answer.steps, onProgress);
      save(`${name}.${film.type.split("/")[1]}`, film);
    },
    csv: () => save(`${name}.csv`, asCsv(scene()), "text/csv"),
    json: () => save(`${name}.json`, asJson(scene()), "application/json"),
    async html() {
      onProgress(0);
      const { bytes } = await engine("html");
      save(`${name}.html`, bytes, "text/html");
    },
    python: () => copied("python", "py", "text/x-python"),
    cite: () => copied("cite", "bib", "text/plain"),
  };
}
