// One plane, square unless it shows a model: a figure with two canvases, handles, ticks, names and a
// read-out.

import { makeBrush } from "./paint_brush.js";
import { valueAt } from "../lib/axis_scale.js";
import { contextOf, make, setAttribute, setText, targetOf } from "../lib/dom.js";
import { idOf, textOf } from "../lib/identity.js";
import { makeHandles } from "./drag_handles.js";
import { makeHover } from "./tooltip.js";
import { drawLiving } from "./dynamic_layer.js";
import { clearPlane, drawAxes, drawOutlines, isGrid, isStill, stillNames } from "./static_layer.js";
import { heightOf } from "./primitives.js";
import { say } from "../i18n/en.js";
import { makeTicks, marks, stepOn } from "./ticks.js";

/** @param {Host} host */
export function makePlane(host) {
  const still = make("canvas", { class: "still", "aria-hidden": "true" });
  const living = make("canvas", { class: "living", "aria-hidden": "true" });
  const ticks = [makeTicks("x"), makeTicks("y")];
  const names = [make("span", { class: "axis x" }), make("span", { class: "axis y" })];
  const title = make("figcaption", {});
  const frame = make("div", { class: "frame" }, still, living);
  const figure = make("figure", { class: "plane" }, title, frame);
  const ground = make("canvas"); // the loss, as the still layer has it below the other plane's grid
  const [onStill, onLiving, onGround] = [still, living, ground].map((c) => contextOf(c));

  /** @type {PlaneSpec} */
  let spec = { name: "", title: "", view: [0, 1, 0, 1], labels: ["", ""] };
  /** @type {Trace[]} */
  let traces = [];
  /** @type {Trace[][]} */
  let quiet = [[], []]; // the ground's, the grid's
  let quietNames = ["", ""];
  let side = 0;
  let ratio = 1;
  let content = ""; // what the traces draw
  let drawn = ["", ""];
  let lively = ""; // what the living layer shows

  const plane = {
    figure,
    frame,
    view: () => spec.view,
    labels: () => spec.labels,
    // What a place on an axis means: on a graph (see figures/graph.py) another number than the
    // place.
    /**
     * @param {number} axis
     * @param {number} at
     */
    value: (axis, at) => valueAt(at, spec.scales?.[axis] ?? [0, 1, false]),
    // Where a plane can be picked from, this sets a field to the place, in the numbers of the axes:
    // as a handle that is dragged there does.
    /** @param {Point} at */
    pick(at) {
      if (spec.click) host.ask({ [spec.click]: at.map((v, axis) => plane.value(axis, v)) });
    },
    side: () => side || 1,
  };
  const handles = makeHandles(plane, host);
  const hover = makeHover(plane, host, (at) => {
    const { look, name } = spec;
    if (look) {
      host.look(name, at && { ...look[1], [look[0]]: at.map((v, axis) => plane.value(axis, v)) });
    }
  });
  frame.append(...ticks.map((t) => t.box), ...names, handles.box, hover.box);

  /**
   * @param {{ offsetX: number, offsetY: number }} event
   * @returns {Point}
   */
  const placeOf = (event) => {
    const [x0, x1, , y1] = spec.view;
    const scale = (x1 - x0) / plane.side();
    return [x0 + event.offsetX * scale, y1 - event.offsetY * scale];
  };

  frame.addEventListener("click", (event) => {
    if (targetOf(event).tagName === "CANVAS") plane.pick(placeOf(event));
  });
  frame.append(makeBrush(plane, { field: () => spec.paint, placeOf, ask: host.ask }));

  let ticked = "";
  /** @type {number | undefined} */
  let type;
  /** @type {number | undefined} */
  let step; // from one mark to the next
  function showTicks() {
    const [x0, x1, y0, y1] = spec.view;
    const now = [spec.view, side, JSON.stringify(spec.ticks)].join();
    if (ticked === now) return;
    ticked = now;
    step = stepOn(x1 - x0, side, type);
    ticks[0].show(x0, x1, marks(x0, x1, step, spec.ticks?.[0]), side);
    ticks[1].show(y0, y1, marks(y0, y1, step, spec.ticks?.[1]), heightOf(spec.view, side));
  }

  /**
   * @param {PlaneSpec} newSpec
   * @param {Trace[]} newTraces
   * @param {Handle[]} newHandles
   * @param {Record<string, string>} errors
   */
  function adopt(newSpec, newTraces, newHandles, errors) {
    spec = newSpec;
    traces = newTraces;
    const all = traces.filter(isStill);
    quiet = [all.filter((trace) => !isGrid(trace)), all.filter(isGrid)];
    quietNames = quiet.map((some) => stillNames(some, host.array));
    content = textOf(traces, host.array);
    setText(title, spec.title);
    setAttribute(figure, "data-plane", spec.name);
    const labels = spec.labels.join(say("and"));
    setAttribute(figure, "aria-label", say("plane", { title: spec.title, labels }));
    const { title: named, paint, model } = spec;
    figure.className = model ? "model" : "plane";
    setAttribute(frame, "role", model ? "img" : "group");
    showTicks();
    spec.labels.forEach((text, i) => setText(names[i], text));
    // Of the name beside the title, what is longer than the numbers below it: in em, about.
    figure.style.setProperty("--over", `${Math.max(0, 0.6 * (spec.labels[1].length - 3))}em`);
    handles.update(newHandles, errors);
    const read = traces.filter((trace) => trace.kind === "path" || trace.read);
    const map = traces.find((trace) => trace.colors);
    hover.adopt(read, map);
    const how = paint ? "paint-along" : map && !read.length ? "read-map" : "read-along";
    setAttribute(frame, "aria-label", spec.say ?? say(how, { title: named }));
    setAttribute(frame, "tabindex", read.length || map || paint ? "0" : null);
  }

  // The frame's size is told by an observer, never measured while drawing.
  /**
   * @param {number} width
   * @param {number} pixelRatio
   */
  function resize(width, pixelRatio) {
    if (width === side && pixelRatio === ratio) return;
    side = width;
    ratio = pixelRatio;
    type = parseFloat(getComputedStyle(frame).fontSize);
    for (const canvas of [still, living, ground]) sizeOf(canvas, ratio);
    drawn = ["", ""];
    lively = "";
    showTicks();
    handles.replace();
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number} density pixels of its own in one of the page's
   */
  function sizeOf(canvas, density) {
    const size = [side, heightOf(spec.view, side)].map((length) => Math.round(length * density));
    if (canvas.width !== size[0]) [canvas.width, canvas.height] = size; // this empties it
  }

  /** @param {Look} look */
  function draw({ array, palette, cache, theme, k, playing, thick, ghosts, model, light }) {
    handles.follow();
    if (!side) return;
    const { view, ticks: given } = spec;
    const layer = { view, given, step, side, ratio, palette, cache, array, thick };
    const below = [quietNames[0], view, theme, thick].join(";");
    const key = [below, quietNames[1], given].join(";");
    if (below !== drawn[0]) {
      clearPlane(onGround, layer);
      drawOutlines(onGround, { ...layer, traces: quiet[0] });
    }
    if (key !== drawn[1]) {
      clearPlane(onStill, layer);
      onStill.drawImage(ground, 0, 0, ground.width / ratio, ground.height / ratio);
      drawOutlines(onStill, { ...layer, traces: quiet[1] });
      drawAxes(onStill, layer);
    }
    drawn = [below, key];
    // A plane in which nothing has changed stays as it is, whatever moves on another.
    const held = handles.shown().filter(({ from }) => from); // the others are above the canvas
    const found = hover.shown();
    const density = light ? Math.min(ratio, 1) : ratio;
    const seen = [held, found && [found.point, found.style], k, playing, thick, theme, view];
    const now =
      content +
      JSON.stringify([
        ...seen,
        side,
        density,
        palette.version(),
        ghosts.length && idOf(ghosts),
        Boolean(model),
      ]);
    if (now === lively) return;
    lively = now;
    sizeOf(living, density);
    drawLiving(onLiving, {
      traces,
      view,
      side,
      ratio: density,
      palette,
      array,
      theme,
      k,
      playing,
      thick,
      ghosts,
      model,
      plane: spec.name,
      handles: held,
      hover: found,
    });
  }

  return {
    ...plane,
    adopt,
    resize,
    draw,
    settle: handles.settle,
    dragged: handles.dragged,
    scene: () => ({ spec, traces, handles: handles.shown() }),
  };
}
