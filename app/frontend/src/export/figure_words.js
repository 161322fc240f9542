// The words of an exported drawing: its title, the names of the axes, the legend with the scales of
// maps, the caption, the readings and the link.

import { rampImage } from "../canvas/heat_map.js";
import { keyPaths } from "../canvas/markers.js";
import { marks, niceStep } from "../canvas/ticks.js";
import { legendOf } from "../controls/legend.js";
import { EDGE, LEFT, LINE, SANS, SCALE, SERIF } from "./figure_layout.js";

/**
 * @typedef {import("./figure_layout.js").Figure} Figure
 * @typedef {import("./figure_layout.js").Layout} Layout
 */

/**
 * @param {Pen} ctx
 * @param {{ spec: PlaneSpec, place: Layout["places"][0], palette: Palette }} plane
 */
export function drawAxisNames(ctx, { spec, place, palette }) {
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

/** The colors of the ground, from the lowest of its lines to the highest. */
const GROUND = { width: 66, height: 12, bands: 12 };

/**
 * @param {Pen} ctx
 * @param {{ lesson: LessonData, answer: Answer, palette: Palette, y: number }} page
 */
function drawKeys(ctx, { lesson, answer, palette, y }) {
  const { keys, dashes, ground } = legendOf(lesson, answer);
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
  for (const { style, text, look } of keys) {
    item(text, (left) => {
      const [color, Path] = [palette.color(style), ctx.Path ?? Path2D];
      for (const { d, fill, line, open, dashed, alpha = 1, size = 1 } of keyPaths(look)) {
        const path = new Path(d);
        ctx.save();
        ctx.translate(left + 12, y);
        ctx.scale(size, size);
        ctx.setLineDash(dashed ? [5, 4] : []);
        ctx.globalAlpha = alpha;
        ctx.strokeStyle = color;
        ctx.lineWidth = 2 / size;
        if (line || open) ctx.stroke(path);
        ctx.fillStyle = open ? palette.color("paper") : color;
        if (fill) ctx.fill(path);
        ctx.restore();
      }
    });
  }
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
  for (const [label, low, high] of ground) {
    const before = `${label}: ${low}`;
    const wide = GROUND.width / GROUND.bands;
    ctx.fillStyle = palette.color("text");
    ctx.fillText(before, x, y + 4);
    x += ctx.measureText(before).width + 8;
    for (let band = 0; band < GROUND.bands; band++) {
      ctx.fillStyle = palette.band(band, GROUND.bands);
      ctx.fillRect(x + band * wide, y - 6, wide + 0.5, GROUND.height);
    }
    ctx.fillStyle = palette.color("text");
    x += GROUND.width + 8;
    ctx.fillText(high, x, y + 4);
    x += ctx.measureText(high).width + 22;
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
export function drawWords(ctx, scene, at) {
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
