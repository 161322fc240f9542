// The read-out beside a path: which rule, which step, where, and the loss there. A pointer or a tap
// reads what is near it; by keys the plane reads along its paths: ← → a step (Shift: ten), ↑ ↓ a
// path.

import { make, setText } from "../lib/dom.js";
import { show } from "../lib/number_format.js";
import { inkVar } from "./colors.js";
import { say } from "../i18n/en.js";

const NEAR = 22; // px

export function makeHover(plane, { array, redraw, lesson }) {
  const name = make("b");
  const words = make("span");
  const box = make(
    "div",
    { class: "hover", hidden: true, role: "status", "aria-live": "off" },
    name,
    words,
  );
  let paths = [];
  let pointer = null;
  let keyed = null; // {path, step}, while the keys read
  let found = null;

  function underKeys() {
    const trace = paths[Math.min(keyed.path, paths.length - 1)];
    const points = trace && array(trace.points);
    if (!points?.length) return null;
    const last = points.length / 2 - 1;
    keyed.step = Math.max(0, Math.min(last, keyed.step));
    const point = [points[2 * keyed.step], points[2 * keyed.step + 1]];
    return { trace, step: keyed.step, point, ink: trace.ink };
  }

  function nearest() {
    if (keyed) return underKeys();
    if (!pointer) return null;
    const [x0, x1, , y1] = plane.view();
    const scale = plane.side() / (x1 - x0);
    const [px, py] = [pointer[0] / scale + x0, y1 - pointer[1] / scale];
    let best = (NEAR / scale) ** 2;
    let hit = null;
    for (const trace of paths) {
      const points = array(trace.points);
      for (let i = 0; points && i < points.length; i += 2) {
        const distance = (points[i] - px) ** 2 + (points[i + 1] - py) ** 2;
        if (distance < best) {
          best = distance;
          hit = { trace, step: i / 2, point: [points[i], points[i + 1]], ink: trace.ink };
        }
      }
    }
    return hit;
  }

  function look() {
    found = nearest();
    if (box.hidden !== !found) box.hidden = !found;
    if (!found) return;
    const { trace, step, point } = found;
    const label = lesson.inks[trace.ink]?.label ?? trace.ink;
    setText(name, trace.name && trace.name !== label ? `${label}, ${trace.name}` : label);
    const loss = trace.values?.loss && array(trace.values.loss)?.[step];
    const { read } = trace; // of a graph, whose plane is the unit square: [what, numbers]
    const place = read
      ? read.map(([what, numbers]) => `${what} ${show(array(numbers)[step], 4)}`).join(", ")
      : point.map((v, i) => `${plane.labels()[i]} = ${show(plane.value(i, v))}`).join(", ");
    const there = say("place", { step, place });
    setText(
      words,
      loss === undefined ? there : say("loss-there", { place: there, loss: show(loss, 4) }),
    );
    box.style.setProperty("--own", `var(${inkVar(trace.ink)})`);
    const [x, y] = keyed ? onFrame(point) : pointer;
    box.classList.toggle("left", x > plane.side() / 2);
    box.classList.toggle("up", y > plane.side() / 2);
    box.style.translate = `${x.toFixed(0)}px ${y.toFixed(0)}px`;
  }

  // Where a point is in the frame; outside it, the read-out stays at the edge.
  function onFrame([x, y]) {
    const [x0, x1, , y1] = plane.view();
    const side = plane.side();
    const scale = side / (x1 - x0);
    return [(x - x0) * scale, (y1 - y) * scale].map((v) => Math.max(0, Math.min(side, v || 0)));
  }

  function read(at) {
    keyed = at;
    box.setAttribute("aria-live", at ? "polite" : "off");
    redraw();
  }

  plane.frame.addEventListener("pointermove", (event) => {
    if (event.buttons && event.pointerType === "mouse") return; // a drag, not a look
    const over = event.target.tagName === "CANVAS";
    pointer = over ? [event.offsetX, event.offsetY] : null;
    redraw();
  });
  plane.frame.addEventListener("click", (event) => {
    if (event.pointerType !== "touch" || event.target.tagName !== "CANVAS") return;
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
    if (!paths.length || event.ctrlKey || event.altKey) return;
    const along = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const across = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!along && !across) return;
    const { path, step } = keyed ?? { path: 0, step: along ? -along : 0 };
    const far = along ? along * (event.shiftKey ? 10 : 1) : 0;
    read({
      path: (path + (across ?? 0) + paths.length) % paths.length,
      step: Math.max(0, step + far),
    });
    event.preventDefault();
    event.stopPropagation();
  });
  plane.frame.addEventListener("blur", () => keyed && read(null));

  return {
    box,
    adopt(newPaths) {
      paths = newPaths;
    },
    shown() {
      const before = found;
      if (pointer || keyed || before) look();
      return found;
    },
  };
}
