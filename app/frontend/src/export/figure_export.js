// The front end as one drawing to export: its planes with their axes, the legend, the readings, a
// caption and the link. It draws on a canvas (PNG, film) and on a context that records SVG alike.

import { contextOf, make } from "../lib/dom.js";
import { tagOf } from "../canvas/drag_handles.js";
import { legendOf } from "../controls/legend.js";
import { rampImage } from "../canvas/heat_map.js";
import { drawLiving } from "../canvas/dynamic_layer.js";
import { drawModel } from "../canvas/model_picture.js";
import { drawStill } from "../canvas/static_layer.js";
import { heightOf, note, placing, symbol } from "../canvas/primitives.js";
import { SvgContext } from "./svg_context.js";
import { marks, niceStep } from "../canvas/ticks.js";

const SANS = 'system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif';
const SERIF = '"Iowan Old Style", Palatino, "Liberation Serif", Georgia, serif';
const WIDTH = 1063; // px of the drawing: 180 mm across at 150 to the inch, the text then 8 points
const EDGE = 24;
const LEFT = 62; // of a plane: its axis's name and numbers
const BELOW = 50;
const ABOVE = 34;
const LINE = 22;
const SCALE = 44; // a map's scale, with its marks
const MODEL = 640; // px across, below the planes

// Words in lines of at most this width.
/**
 * What is drawn: the planes as they are on the page, and the words around them.
 *
 * @typedef {object} Figure
 * @property {LessonData} lesson
 * @property {Answer} answer
 * @property {{ spec: PlaneSpec, traces: Trace[], handles: Handle[] }[]} planes
 * @property {ArrayOf} array
 * @property {number} k
 * @property {string} caption
 * @property {string} link
 * @property {string[]} readings
 * @property {Ghost[]} ghosts
 * @property {Palette} palette
 * @property {Outlines} cache
 * @property {string} [theme]
 */

/** @typedef {ReturnType<typeof layout>} Layout */

/**
 * @param {Pen} ctx
 * @param {string} text
 * @param {number} width
 */
function wrapped(ctx, text, width) {
  /** @type {string[]} */
  const found = [];
  for (const word of text.split(/\s+/)) {
    const longer = found.length ? `${found.at(-1)} ${word}` : word;
    if (found.length && ctx.measureText(longer).width <= width) found[found.length - 1] = longer;
    else found.push(word);
  }
  return found;
}

// Where everything goes. The text's height depends on its width alone, so a probe measures it.
/**
 * @param {Figure} scene
 * @param {Pen} ctx
 */
function layout(scene, ctx) {
  const model = scene.planes.find(({ spec }) => spec.model);
  const count = scene.planes.length - (model ? 1 : 0);
  const columns = count === 1 ? 1 : count === 4 ? 2 : Math.min(count, 3);
  const cell = (WIDTH - 2 * EDGE) / Math.max(columns, 1.6);
  const side = Math.round(cell - LEFT - 12);
  const rows = Math.ceil(count / columns);
  const inset = columns === 1 ? (WIDTH - cell) / 2 : EDGE;
  const top = EDGE + 34;
  const tall = side + ABOVE + BELOW;
  let placed = 0;
  const places = scene.planes.map(({ spec }) => {
    const i = spec.model ? 0 : placed++;
    const wide = spec.model ? Math.min(MODEL, WIDTH - 2 * EDGE - LEFT) : side;
    return {
      x: spec.model ? (WIDTH - wide) / 2 : inset + (i % columns) * cell + LEFT,
      y: top + (spec.model ? rows : Math.floor(i / columns)) * tall + ABOVE,
      wide,
      high: heightOf(spec.view, wide),
    };
  });
  const last = model ? heightOf(model.spec.view, MODEL) + ABOVE + BELOW : 0;
  const below = top + rows * tall + last + 10;
  ctx.font = `17px ${SERIF}`;
  const words = wrapped(ctx, scene.caption, WIDTH - 2 * EDGE);
  ctx.font = `13px ${SANS}`;
  const readings = scene.readings.length
    ? wrapped(ctx, scene.readings.join("  ·  "), WIDTH - 2 * EDGE)
    : [];
  const scales = SCALE * legendOf(scene.lesson, scene.answer).scales.length;
  const height =
    below + LINE + 6 + scales + words.length * 24 + readings.length * 20 + 30 + EDGE / 2;
  return { places, below, scales, words, readings, width: WIDTH, height: Math.ceil(height) };
}

/**
 * @param {Pen} ctx
 * @param {{ spec: PlaneSpec, place: Layout["places"][0], palette: Palette }} plane
 */
function drawAxisNames(ctx, { spec, place, palette }) {
  const { view, labels, ticks } = spec;
  const { x, y, wide, high } = place;
  const [x0, x1, y0, y1] = view;
  const step = niceStep(x1 - x0);
  ctx.strokeStyle = palette.color("axis");
  ctx.lineWidth = 1;
  ctx.setLineDash([]);
  ctx.beginPath();
  ctx.moveTo(x, y);
  for (const [a, b] of [
    [1, 0],
    [1, 1],
    [0, 1],
  ])
    ctx.lineTo(x + a * wide, y + b * high);
  ctx.closePath();
  ctx.stroke();
  ctx.fillStyle = palette.color("text");
  ctx.font = `13px ${SANS}`;
  ctx.textAlign = "center";
  for (const [value, text] of marks(x0, x1, step, ticks?.[0])) {
    ctx.fillText(text, x + (wide * (value - x0)) / (x1 - x0), y + high + 17);
  }
  ctx.textAlign = "right";
  for (const [value, text] of marks(y0, y1, step, ticks?.[1])) {
    ctx.fillText(text, x - 6, y + (high * (y1 - value)) / (y1 - y0) + 4);
  }
  ctx.font = `italic 16px ${SERIF}`;
  ctx.fillText(labels[0], x + wide, y + high + 38);
  ctx.textAlign = "left";
  ctx.fillText(labels[1], x - LEFT + 4, y - 10);
  ctx.font = `600 15px ${SANS}`;
  ctx.textAlign = "center";
  ctx.fillText(spec.title, x + wide / 2, y - 11);
  ctx.textAlign = "left";
}

/**
 * @param {Pen} ctx
 * @param {{ lesson: LessonData, answer: Answer, palette: Palette, y: number }} page
 */
function drawKeys(ctx, { lesson, answer, palette, y }) {
  const { rules, open, rest, dashes } = legendOf(lesson, answer);
  let x = EDGE;
  ctx.font = `13px ${SANS}`;
  /**
   * @param {string} text
   * @param {(left: number) => void} mark
   */
  const item = (text, mark) => {
    mark(x);
    ctx.fillStyle = palette.color("text");
    ctx.fillText(text, x + 30, y + 4);
    x += 30 + ctx.measureText(text).width + 22;
  };
  /**
   * @param {string} style
   * @param {string} text
   */
  const styled = (style, text) =>
    item(text, (left) => {
      ctx.setLineDash([]);
      const [color, paper] = [palette.color(style), palette.color("paper")];
      const look = open.includes(style)
        ? { fill: paper, stroke: color, width: 2 }
        : { fill: color, stroke: paper, width: 1 };
      symbol(ctx, palette.style(style).symbol, left + 12, y, 6, look);
    });
  rules.forEach((style) => styled(style, lesson.styles[style]?.label ?? style));
  rest.forEach(([style, name]) => styled(style, name));
  for (const dash of dashes) {
    item(answer.dash_labels?.[dash] ?? "", (left) => {
      ctx.beginPath();
      ctx.moveTo(left, y);
      ctx.lineTo(left + 24, y);
      ctx.strokeStyle = palette.color("text");
      ctx.lineWidth = 2;
      ctx.setLineDash(dash === "dashed" ? [6, 4] : []);
      ctx.stroke();
      ctx.setLineDash([]);
    });
  }
}

const RAMP = { width: 190, height: 12 }; // px

/**
 * The scales of maps, one a line: what is measured, the colors with their marks, and the colors
 * beyond them.
 *
 * @param {Pen} ctx
 * @param {{ scales: ReturnType<typeof legendOf>["scales"], palette: Palette, y: number }} page
 */
function drawScales(ctx, { scales, palette, y }) {
  ctx.font = `13px ${SANS}`;
  scales.forEach(({ colors: { label, ticks, upto = 1, notes = {} }, between }, line) => {
    const top = y + line * SCALE;
    let x = EDGE;
    /** @param {string} text */
    const say = (text) => {
      ctx.fillStyle = palette.color("text");
      ctx.fillText(text, x, top + 4);
      x += ctx.measureText(text).width + 14;
    };
    say(label);
    const left = x;
    ctx.drawImage(rampImage(palette, between, upto), left, top - 7, RAMP.width, RAMP.height);
    ctx.textAlign = "center";
    for (const [at, text] of ticks) {
      const place = left + at * RAMP.width;
      ctx.fillRect(place - 0.5, top + 5, 1, 4);
      ctx.fillText(text, place, top + 21);
    }
    ctx.textAlign = "left";
    x += RAMP.width + 26;
    const [last] = palette.ramp(between).slice(-1);
    /** @type {[string | undefined, ArrayLike<number>][]} */
    const patches = [
      [notes.over, last],
      [notes.none, palette.none()],
    ];
    for (const [text, color] of patches) {
      if (!text) continue;
      ctx.fillStyle = `rgb(${Array.from(color).join()})`;
      ctx.fillRect(x, top - 7, 18, RAMP.height);
      x += 25;
      say(text);
    }
  });
}

// The words around the planes: what does not move while a run plays.
/**
 * @param {Pen} ctx
 * @param {Figure} scene
 * @param {Layout} at
 */
function drawWords(ctx, scene, at) {
  const { palette, lesson, answer } = scene;
  ctx.fillStyle = palette.color("paper");
  ctx.fillRect(0, 0, at.width + 2, at.height + 2);
  ctx.fillStyle = palette.color("text");
  ctx.textAlign = "left";
  ctx.font = `24px ${SERIF}`;
  ctx.fillText(lesson.title, EDGE, EDGE + 20);
  let y = at.below;
  drawKeys(ctx, { lesson, answer, palette, y });
  y += LINE + 6;
  drawScales(ctx, { scales: legendOf(lesson, answer).scales, palette, y });
  y += at.scales;
  ctx.fillStyle = palette.color("text");
  ctx.font = `17px ${SERIF}`;
  for (const line of at.words) ctx.fillText(line, EDGE, (y += 24) - 12);
  ctx.font = `13px ${SANS}`;
  for (const line of at.readings) ctx.fillText(line, EDGE, (y += 20) - 8);
  ctx.fillStyle = palette.color("soft");
  ctx.font = `12px ${SANS}`;
  const words = () => ctx.fillText(scene.link, EDGE, y + 18);
  if (ctx.link && /^https?:/.test(scene.link)) ctx.link(scene.link, words);
  else words();
}

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
  const at = layout(scene, probe);
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
  const at = layout(scene, pen);
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
