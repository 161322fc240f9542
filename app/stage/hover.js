// The read-out beside a path: which rule, which step, where, and the loss there.

import { make, setText } from "./dom.js";
import { show } from "./format.js";
import { say } from "./texts.js";

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
  let found = null;

  function nearest() {
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
    setText(name, trace.name ?? label);
    const loss = trace.values?.loss && array(trace.values.loss)?.[step];
    const { read } = trace; // of a graph, whose plane is the unit square: [what, numbers]
    const place = read
      ? read.map(([what, numbers]) => `${what} ${show(array(numbers)[step], 4)}`).join(", ")
      : point.map((v, i) => `${plane.labels()[i]} = ${show(plane.value(i, v))}`).join(", ");
    const there = say("place", { step, place });
    setText(words, loss === undefined ? there : say("loss-there", { place: there, loss: show(loss, 4) }));
    box.style.setProperty("--own", `var(--ink-${trace.ink})`);
    box.classList.toggle("left", pointer[0] > plane.side() / 2);
    box.classList.toggle("up", pointer[1] > plane.side() / 2);
    box.style.translate = `${pointer[0].toFixed(0)}px ${pointer[1].toFixed(0)}px`;
  }

  plane.frame.addEventListener("pointermove", (event) => {
    if (event.buttons && event.pointerType === "mouse") return; // a drag, not a look
    const over = event.target.tagName === "CANVAS";
    pointer = over ? [event.offsetX, event.offsetY] : null;
    redraw();
  });
  for (const leave of ["pointerleave", "pointercancel"]) {
    plane.frame.addEventListener(leave, () => {
      pointer = null;
      redraw();
    });
  }

  return {
    box,
    adopt: (newPaths) => (paths = newPaths),
    shown() {
      const before = found;
      if (pointer || before) look();
      return found;
    },
  };
}
