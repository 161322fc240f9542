// The read-out beside a path: which rule, which step, where, and the loss there; on a map: the number
// of the cell. A pointer or a tap reads what is near it; by keys the plane reads along its paths: ← →
// a step (Shift: ten), ↑ ↓ a path; or a map, from cell to cell, and Enter picks one.

import { make, setText, targetOf } from "../lib/dom.js";
import { show } from "../lib/number_format.js";
import { cellText } from "./color_scale.js";
import { styleVar } from "./colors.js";
import { say } from "../i18n/en.js";

const NEAR = 22; // px

/** @type {Record<string, number>} */
const ALONG = { ArrowRight: 1, ArrowLeft: -1 };
/** @type {Record<string, number>} */
const ACROSS = { ArrowDown: 1, ArrowUp: -1 };

/**
 * @param {Pick<PlaneView, "frame" | "side" | "labels" | "view" | "value" | "pick">} plane
 * @param {Host} host
 * @param {(at: Point | null) => void} onCell hears of the cell that is read
 */
export function makeHover(plane, { array, redraw, lesson }, onCell) {
  const name = make("b");
  const words = make("span");
  const box = make(
    "div",
    { class: "hover", hidden: true, role: "status", "aria-live": "off" },
    name,
    words,
  );
  /** @type {Trace[]} */
  let paths = [];
  /** @type {Trace | undefined} */
  let map; // what is read where no path is near
  /** @type {number[] | null} */
  let pointer = null;
  /** @type {{ path: number, step: number } | null} */
  let keyed = null; // {path, step}, while the keys read
  /** @type {Reading | null} */
  let found = null;

  /**
   * @param {{ path: number, step: number }} keyed
   * @returns {Reading | null}
   */
  function underKeys(keyed) {
    if (!paths.length) return cellOf(keyed.step, keyed.path);
    const trace = paths[Math.min(keyed.path, paths.length - 1)];
    const points = trace && array(trace.points);
    if (!points?.length) return null;
    const last = points.length / 2 - 1;
    keyed.step = Math.max(0, Math.min(last, keyed.step));
    /** @type {Point} */
    const point = [points[2 * keyed.step], points[2 * keyed.step + 1]];
    return { trace, step: keyed.step, point, style: trace.style };
  }

  /**
   * The cell of the map in this column and this row; null if there is none.
   *
   * @param {number} column
   * @param {number} row
   * @returns {Reading | null}
   */
  function cellOf(column, row) {
    if (!map?.box || !Array.isArray(map.size)) return null;
    const [rows, columns] = map.size;
    if (column < 0 || row < 0 || column >= columns || row >= rows) return null;
    const [x0, x1, y0, y1] = map.box;
    /** @type {Point} */
    const point = [
      x0 + ((x1 - x0) * (column + 0.5)) / columns,
      y0 + ((y1 - y0) * (row + 0.5)) / rows,
    ];
    return { trace: map, step: row * columns + column, point, style: map.style };
  }

  /**
   * @param {number} px
   * @param {number} py
   */
  function cellAt(px, py) {
    if (!map?.box || !Array.isArray(map.size)) return null;
    const [x0, x1, y0, y1] = map.box;
    const [rows, columns] = map.size;
    return cellOf(
      Math.floor((columns * (px - x0)) / (x1 - x0)),
      Math.floor((rows * (py - y0)) / (y1 - y0)),
    );
  }

  /** @returns {Reading | null} */
  function nearest() {
    if (keyed) return underKeys(keyed);
    if (!pointer) return null;
    const [x0, x1, , y1] = plane.view();
    const scale = plane.side() / (x1 - x0);
    const [px, py] = [pointer[0] / scale + x0, y1 - pointer[1] / scale];
    let best = (NEAR / scale) ** 2;
    /** @type {Reading | null} */
    let hit = null;
    for (const trace of paths) {
      const points = array(trace.points);
      for (let i = 0; points && i < points.length; i += 2) {
        const distance = (points[i] - px) ** 2 + (points[i + 1] - py) ** 2;
        if (distance < best) {
          best = distance;
          hit = { trace, step: i / 2, point: [points[i], points[i + 1]], style: trace.style };
        }
      }
    }
    return hit ?? cellAt(px, py);
  }

  function look() {
    found = nearest();
    onCell(found?.trace === map && found ? found.point : null);
    if (box.hidden !== !found) box.hidden = !found;
    if (!found) return;
    const { trace, step, point } = found;
    box.style.setProperty("--own", `var(${styleVar(trace.style)}, var(--soft))`);
    const [x, y] = keyed || !pointer ? onFrame(point) : pointer;
    box.classList.toggle("left", x > plane.side() / 2);
    box.classList.toggle("up", y > plane.side() / 2);
    box.style.translate = `${x.toFixed(0)}px ${y.toFixed(0)}px`;
    const where = point.map((v, i) => `${plane.labels()[i]} = ${show(plane.value(i, v))}`);
    const cells = trace.colors && array(trace.cells);
    if (trace.colors && cells) {
      setText(name, `${trace.colors.label}: ${cellText(trace.colors, cells, step)}`);
      return setText(words, where.join(", "));
    }
    const label = lesson.styles[trace.style]?.label ?? trace.style;
    setText(name, trace.name && trace.name !== label ? `${label}, ${trace.name}` : label);
    const loss = trace.values?.loss && array(trace.values.loss)?.[step];
    const { read } = trace; // of a graph, whose plane is the unit square: [what, numbers]
    const place = read
      ? read.map(([what, numbers]) => `${what} ${show(array(numbers)?.[step], 4)}`).join(", ")
      : where.join(", ");
    const there = say("place", { step, place });
    setText(
      words,
      loss === undefined ? there : say("loss-there", { place: there, loss: show(loss, 4) }),
    );
  }

  // Where a point is in the frame; outside it, the read-out stays at the edge.
  /** @param {Point} point */
  function onFrame([x, y]) {
    const [x0, x1, , y1] = plane.view();
    const side = plane.side();
    const scale = side / (x1 - x0);
    return [(x - x0) * scale, (y1 - y) * scale].map((v) => Math.max(0, Math.min(side, v || 0)));
  }

  /** @param {{ path: number, step: number } | null} at */
  function read(at) {
    keyed = at;
    box.setAttribute("aria-live", at ? "polite" : "off");
    redraw();
  }

  plane.frame.addEventListener("pointermove", (event) => {
    if (event.buttons && event.pointerType === "mouse") return; // a drag, not a look
    const over = targetOf(event).tagName === "CANVAS";
    pointer = over ? [event.offsetX, event.offsetY] : null;
    redraw();
  });
  plane.frame.addEventListener("click", (event) => {
    if (!(event instanceof PointerEvent) || event.pointerType !== "touch") return;
    if (targetOf(event).tagName !== "CANVAS") return;
    pointer = [event.offsetX, event.offsetY]; // it stays until the next tap
    redraw();
  });
  for (const leave of ["pointerleave", "pointercancel"]) {
    plane.frame.addEventListener(leave, () => {
      pointer = null;
      redraw();
    });
  }
  plane.frame.addEventListener("keydown", (event) => {
    if (!plane.frame.matches(":focus-visible") || event.target !== plane.frame) return;
    if (!(paths.length || map) || event.ctrlKey || event.altKey) return;
    const along = ALONG[event.key];
    const across = ACROSS[event.key];
    const ten = event.shiftKey ? 10 : 1;
    if (!along && !across) {
      if (event.key !== "Enter" || !keyed || found?.trace !== map || !found) return;
      plane.pick(found.point);
    } else if (paths.length) {
      const { path, step } = keyed ?? { path: 0, step: along ? -along : 0 };
      read({
        path: (path + (across ?? 0) + paths.length) % paths.length,
        step: Math.max(0, step + (along ?? 0) * ten),
      });
    } else if (Array.isArray(map?.size)) {
      const [rows, columns] = map.size;
      const { path, step } = keyed ?? { path: rows >> 1, step: columns >> 1 };
      read({
        path: Math.max(0, Math.min(rows - 1, path - (across ?? 0) * ten)),
        step: Math.max(0, Math.min(columns - 1, step + (along ?? 0) * ten)),
      });
    }
    event.preventDefault();
    event.stopPropagation();
  });
  plane.frame.addEventListener("blur", () => keyed && read(null));

  return {
    box,
    /**
     * @param {Trace[]} newPaths
     * @param {Trace | undefined} newMap
     */
    adopt(newPaths, newMap) {
      paths = newPaths;
      map = newMap;
    },
    shown() {
      const before = found;
      if (pointer || keyed || before) look();
      return found;
    },
  };
}
