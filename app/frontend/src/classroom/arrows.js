// Arrows on a plane: the one that a follower drags, and the class's, drawn as a cloud.

import { make } from "../lib/dom.js";
import { shape } from "./results.js";
import { say } from "./words.js";

const KEY = 0.02; // of the plane's side, by an arrow key

/** @typedef {import("../protocol").ClassQuiz} ClassQuiz */

/**
 * A sheet over a plane, on which places of the plane are drawn.
 *
 * @param {SeatedPage} page
 * @param {string} name of the plane
 */
function overPlane({ root, state }, name) {
  const frame = root.querySelector(`[data-plane="${CSS.escape(name)}"] .frame`);
  const spec = state.shown().planes.find((plane) => plane.name === name);
  if (!frame || !spec) return null;
  const [x0, x1, y0, y1] = spec.view;
  const sheet = shape("svg", { class: "classroom-arrows", viewBox: "0 0 1000 1000" });
  frame.append(sheet);
  return {
    frame,
    sheet,
    span: x1 - x0,
    /** @param {number[]} place */
    on: ([x, y]) => [(1000 * (x - x0)) / (x1 - x0), (1000 * (y1 - y)) / (y1 - y0)],
    /** @param {PointerEvent} event */
    at({ clientX, clientY }) {
      const { left, top, width, height } = sheet.getBoundingClientRect();
      return [
        x0 + ((clientX - left) / width) * (x1 - x0),
        y1 - ((clientY - top) / height) * (y1 - y0),
      ];
    },
  };
}

/**
 * @param {number[]} from
 * @param {number[]} to
 * @param {string} kind
 */
function arrow([x, y], [u, v], kind) {
  const [length, angle] = [Math.hypot(u - x, v - y), Math.atan2(v - y, u - x)];
  const head = Math.min(26, Math.max(10, length / 3));
  /** @param {number} turn */
  const wing = (turn) =>
    `${u - head * Math.cos(angle + turn)} ${v - head * Math.sin(angle + turn)}`;
  const d = `M${x} ${y}L${u} ${v}M${wing(0.45)}L${u} ${v}L${wing(-0.45)}`;
  return shape("path", { class: kind, d });
}

/**
 * The follower's own arrow; `send` is told where its tip was left.
 *
 * @param {SeatedPage} page
 * @param {ClassQuiz} quiz
 * @param {number[] | null} mine
 * @param {(place: number[]) => void} send
 * @returns {() => void} takes it away
 */
export function dragArrow(page, { question }, mine, send) {
  const plane = overPlane(page, question.plane ?? "");
  const { start } = question;
  if (!plane || !start) return () => {};
  const { sheet, on, at, span } = plane;
  let tip = mine ?? [start[0] + span / 8, start[1] + span / 8];
  sheet.classList.add("drag");
  const knob = make("button", {
    type: "button",
    class: "classroom-tip",
    "aria-label": say("your-arrow"),
  });
  plane.frame.append(knob);

  function draw() {
    const [x, y] = on(tip);
    const [cx, cy] = on(start ?? [0, 0]);
    sheet.replaceChildren(
      shape("circle", { class: "start", cx, cy, r: 14 }),
      arrow([cx, cy], [x, y], "mine"),
    );
    knob.style.left = `${x / 10}%`;
    knob.style.top = `${y / 10}%`;
  }
  let held = false;
  /** @param {PointerEvent} event */
  const move = (event) => {
    if (!held) return;
    tip = at(event);
    draw();
  };
  const take = (/** @type {Event} */ event) => {
    const pointer = /** @type {PointerEvent} */ (event);
    pointer.preventDefault();
    held = true;
    sheet.setPointerCapture(pointer.pointerId);
    move(pointer);
  };
  const drop = () => {
    if (!held) return;
    held = false;
    send(tip);
  };
  sheet.addEventListener("pointerdown", take);
  knob.addEventListener("pointerdown", take);
  sheet.addEventListener("pointermove", (event) => move(/** @type {PointerEvent} */ (event)));
  sheet.addEventListener("pointerup", drop);
  sheet.addEventListener("pointercancel", drop);
  knob.addEventListener("keydown", (event) => {
    /** @type {Record<string, number[]>} */
    const directions = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, 1],
      ArrowDown: [0, -1],
    };
    const way = directions[event.key];
    if (event.key === "Enter" || event.key === " ") send(tip);
    else if (way) tip = [tip[0] + KEY * span * way[0], tip[1] + KEY * span * way[1]];
    else return;
    event.preventDefault();
    event.stopPropagation();
    draw();
  });
  draw();
  return () => {
    sheet.remove();
    knob.remove();
  };
}

/**
 * Where the step begins, and once there are results all arrows of the class.
 *
 * @param {SeatedPage} page
 * @param {ClassQuiz} quiz
 * @returns {() => void} takes them away
 */
export function drawCloud(page, { question, results = [], truth }) {
  const plane = overPlane(page, question.plane ?? "");
  const { start } = question;
  if (!plane || !start) return () => {};
  const { sheet, on } = plane;
  const from = on(start);
  sheet.append(shape("circle", { class: "start", cx: from[0], cy: from[1], r: 14 }));
  results.forEach(({ points = [] }, round) => {
    const kind = round === results.length - 1 ? "theirs" : "theirs before";
    for (const place of points) {
      const [x, y] = on(place);
      sheet.append(shape("circle", { class: kind, cx: x, cy: y, r: 12 }));
    }
  });
  if (Array.isArray(truth?.right)) sheet.append(arrow(from, on(truth.right), "right"));
  return () => sheet.remove();
}
