// The front end as one drawing to export: its planes with their axes, the legend, the readings, a
// caption and the link. It draws on a canvas (PNG, film) and on a context that records SVG alike.

import { contextOf, make } from "../lib/dom.js";
import { tagOf } from "../canvas/drag_handles.js";
import { drawLiving } from "../canvas/dynamic_layer.js";
import { drawModel } from "../canvas/model_picture.js";
import { drawStill } from "../canvas/static_layer.js";
import { note, placing, symbol } from "../canvas/primitives.js";
import { layOutFigure } from "./figure_layout.js";
import { drawAxisNames, drawWords } from "./figure_words.js";
import { SvgContext } from "./svg_context.js";

/** @typedef {import("./figure_layout.js").Figure} Figure */

/**
 * @param {Figure} scene
 * @param {number} k
 * @param {boolean} playing
 */
const lookOf = ({ palette, array, cache, theme, ghosts }, k, playing) => ({
  palette,
  array,
  cache,
  theme,
  ghosts,
  k,
  playing,
  thick: 1,
  model: drawModel,
  hover: null,
});

/**
 * @param {(Pen | null)[]} contexts of the static and of the dynamic layer
 * @param {Figure} scene
 * @param {Figure["planes"][0]} plane
 * @param {number} side
 * @param {number} ratio
 * @param {number} k
 * @param {boolean} playing
 */
function drawPlane(contexts, scene, plane, side, ratio, k, playing) {
  const { spec, traces, handles } = plane;
  const look = { ...lookOf(scene, k, playing), side, ratio, view: spec.view };
  const still = traces.filter(({ kind }) => kind === "bands" || kind === "lines");
  const [ground, front] = contexts;
  if (ground) drawStill(ground, { ...look, traces: still, given: spec.ticks });
  if (!front) return;
  drawLiving(front, { ...look, traces, handles, plane: spec.name });
  handles.forEach((handle) => drawHandle(front, handle, look));
}

// What can be dragged on the page is an element there; here it is drawn.
/**
 * @param {Pen} ctx
 * @param {Handle} handle
 * @param {{ palette: Palette, view: number[], side: number }} look
 */
function drawHandle(ctx, handle, { palette, view, side }) {
  const place = placing(view, side);
  const [x, y] = [place.x(handle.at[0]), place.y(handle.at[1])];
  const [color, paper] = [palette.color(handle.style), palette.color("paper")];
  if (!handle.from) {
    symbol(ctx, "circle", x, y, 5.5, { fill: paper, stroke: paper, width: 7 });
    symbol(ctx, "circle", x, y, 5.5, { stroke: color, width: 3 });
  }
  note(ctx, tagOf(handle), x + 10, y - 8, { color, paper, size: 16 });
}

/**
 * @param {number} width
 * @param {number} height
 */
const sheetOf = (width, height) => {
  const canvas = make("canvas");
  canvas.width = Math.round(width);
  canvas.height = Math.round(height);
  return canvas;
};

// The drawing on a canvas, `ratio` pixels to one of its own. `at(k)` draws the planes again at a
// step, over words and grounds that are drawn once. Its sides are multiples of `grain`.
/**
 * @param {Figure} scene
 * @param {number} ratio
 * @param {number} grain
 */
export function onCanvas(scene, ratio, grain = 1) {
  const probe = contextOf(sheetOf(1, 1));
  const at = layOutFigure(scene, probe);
  /** @param {number} length */
  const whole = (length) => Math.ceil((length * ratio) / grain) * grain;
  const canvas = sheetOf(whole(at.width), whole(at.height));
  const ctx = contextOf(canvas, { willReadFrequently: true });
  const grounds = scene.planes.map((plane, i) => {
    const { wide, high } = at.places[i];
    const [across, up] = [wide, high].map((length) => Math.round(length * ratio));
    const [still, living] = [sheetOf(across, up), sheetOf(across, up)];
    const contexts = [contextOf(still), contextOf(living)];
    drawPlane(contexts, scene, plane, wide, across / wide, scene.k, true);
    return { plane, still, living, context: contexts[1], density: across / wide };
  });
  const words = sheetOf(canvas.width, canvas.height);
  const pen = contextOf(words);
  pen.scale(ratio, ratio);
  drawWords(pen, scene, at);
  grounds.forEach(({ plane: { spec }, still }, i) => {
    const place = at.places[i];
    pen.drawImage(still, place.x, place.y, place.wide, place.high);
    drawAxisNames(pen, { spec, place, palette: scene.palette });
  });
  return {
    canvas,
    /**
     * @param {number} k
     * @param {boolean} playing
     */
    at(k, playing = false) {
      ctx.drawImage(words, 0, 0);
      grounds.forEach(({ plane, living, context, density }, i) => {
        const { x, y, wide } = at.places[i];
        drawPlane([null, context], scene, plane, wide, density, k, playing);
        ctx.drawImage(living, Math.round(x * ratio), Math.round(y * ratio));
      });
      return ctx;
    },
  };
}

/**
 * A context that records SVG, as what draws on a canvas takes it.
 *
 * @param {SvgContext} context
 * @returns {Pen}
 */
const penOf = (context) => /** @type {Pen} */ (/** @type {unknown} */ (context));

/** @param {Figure} scene */
export function asSvg(scene) {
  const ctx = new SvgContext();
  const pen = penOf(ctx);
  const at = layOutFigure(scene, pen);
  drawWords(pen, scene, at);
  scene.planes.forEach((plane, i) => {
    const place = at.places[i];
    const contexts = [new SvgContext(), new SvgContext()];
    drawPlane(contexts.map(penOf), scene, plane, place.wide, 1, scene.k, false);
    for (const each of contexts) ctx.inset(each, place.x, place.y, place.wide, place.high);
    drawAxisNames(pen, { spec: plane.spec, place, palette: scene.palette });
  });
  const title = `${scene.lesson.title}: ${scene.caption}`;
  const desc = [scene.answer.description, scene.link].filter(Boolean).join("\n");
  return ctx.document({ width: at.width, height: at.height, wide: 180, title, desc });
}
