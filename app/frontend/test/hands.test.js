import assert from "node:assert/strict";
import { test } from "node:test";
import { makeHandles } from "../src/canvas/drag_handles.js";
import { makeTransport } from "../src/controls/playback.js";
import { watchRatio } from "../src/lib/visibility.js";
import { eventOf, fakeDocument } from "./fakes.js";

/** The start's handle at (1, 1) of a plane that is 400 px and 4 wide, and what it asked for. */
function onPlane() {
  const { page, built } = fakeDocument();
  const rect = { left: 0, top: 0, width: 400 };
  const asked = [];
  const plane = {
    frame: { getBoundingClientRect: () => ({ ...rect }) },
    side: () => 400,
    labels: () => ["a", "b"],
    view: () => [0, 4, 0, 4],
    value: (axis, at) => at,
  };
  const handles = makeHandles(plane, {
    ask: (set) => asked.push(set.start),
    redraw() {},
    busy: () => false,
  });
  const spec = {
    id: "start",
    plane: "theta",
    at: [1, 1],
    label: "start",
    field: "start",
    style: "x",
  };
  handles.update([spec], {});
  const element = built.find((one) => one.getAttribute("data-handle") === "start");
  const at = (type, x, y, pointerId = 1) =>
    element.dispatchEvent(eventOf(type, { button: 0, pointerId, clientX: x, clientY: y }));
  return { page, rect, asked, handles, built, element, at };
}

test("a handle stays below the pointer when the page scrolls under it", () => {
  const { page, rect, asked, at } = onPlane();
  at("pointerdown", 100, 300);
  rect.top = -120;
  page.dispatchEvent(new Event("scroll"));
  assert.deepEqual(asked.at(-1), [1, -0.2], "at once");
  at("pointermove", 110, 300);
  assert.deepEqual(asked.at(-1), [1.1, -0.2]);
  at("pointerup", 110, 300);
  const count = asked.length;
  page.dispatchEvent(new Event("scroll"));
  assert.equal(asked.length, count, "nothing once it is let go");
});

test("of two fingers on a handle the later one leads it, and the other's end does not end it", () => {
  const { asked, handles, at } = onPlane();
  at("pointerdown", 100, 300);
  at("pointermove", 110, 300);
  at("pointerdown", 130, 280, 2);
  at("pointermove", 200, 300);
  assert.deepEqual(asked, [[1.1, 1]], "the first is heard no more");
  at("pointermove", 140, 270, 2);
  assert.deepEqual(asked.at(-1), [1.1, 1.1], "by as much as it moves itself");
  at("pointerup", 200, 300);
  assert.ok(handles.dragged());
  at("pointerup", 140, 270, 2);
  assert.ok(!handles.dragged());
});

test("a place that is zero up to rounding is read out as zero, and a small one without a power", () => {
  const { handles, element } = onPlane();
  const spec = { id: "start", plane: "theta", label: "", style: "x", field: "start" };
  const heard = (at) => {
    handles.update([{ ...spec, at }], {});
    return ["aria-valuenow", "aria-valuetext"].map((name) => element.getAttribute(name));
  };
  assert.deepEqual(heard([6.1e-17, -2.6e-16]), ["0", "a 0, b 0"]);
  assert.deepEqual(heard([-0.25, 1e-16]), ["-0.25", "a −0.25, b 0"]);
});

test("of two handles that overlap the nearest to the pointer is taken", () => {
  const { handles, asked, built } = onPlane();
  const spec = { plane: "theta", label: "", style: "x" };
  const specs = [
    { ...spec, id: "start", at: [1, 1], field: "start" },
    { ...spec, id: "over", at: [1, 1.1], field: "over" },
  ];
  handles.update(specs, {});
  const over = built.find((one) => one.getAttribute("data-handle") === "over");
  const pressed = { button: 0, pointerId: 1, clientX: 100, clientY: 300 };
  over.dispatchEvent(eventOf("pointerdown", pressed));
  const start = built.find((one) => one.getAttribute("data-handle") === "start");
  start.dispatchEvent(eventOf("pointermove", { ...pressed, clientX: 110 }));
  assert.deepEqual(asked.at(-1), [1.1, 1]);
});

test("a handle is asked for at each move of the pointer, and placed once a frame", () => {
  const { handles, asked, element, at } = onPlane();
  const before = element.style.translate;
  at("pointerdown", 100, 300);
  for (const x of [110, 120, 130]) at("pointermove", x, 300);
  assert.equal(asked.length, 3);
  assert.equal(element.style.translate, before);
  handles.follow();
  assert.notEqual(element.style.translate, before);
  assert.ok(handles.dragged());
  at("pointerup", 130, 300);
  assert.ok(!handles.dragged());
});

test("the step is sent at rest, and not at each frame while it plays", () => {
  const { built } = fakeDocument();
  Object.assign(globalThis, { matchMedia: () => ({ matches: false }) });
  const transport = makeTransport({ redraw() {}, onStep() {} });
  const status = built.find((one) => one.tag === "output");
  const place = built.find((one) => one.getAttribute("class") === "place");
  built.find((one) => one.tag === "select").value = "1";
  transport.adopt(60, 0);
  const before = status.textContent;
  assert.match(before, /0/);
  transport.toggle();
  for (let now = 1; now < 1000; now += 50) transport.advance(now);
  assert.notEqual(place.textContent, before, "the eye sees it go");
  assert.equal(status.textContent, before);
  transport.pause();
  assert.equal(status.textContent, place.textContent);
});

test("another pixel ratio is heard, each time that it changes", () => {
  const queries = [];
  const matchMedia = (text) =>
    queries[queries.push(Object.assign(new EventTarget(), { text })) - 1];
  Object.assign(globalThis, { matchMedia, devicePixelRatio: 1 });
  let heard = 0;
  const stop = watchRatio(() => heard++);
  for (const ratio of [2, 3]) {
    globalThis.devicePixelRatio = ratio;
    queries.at(-1).dispatchEvent(new Event("change"));
    assert.equal(queries.at(-1).text, `(resolution: ${ratio}dppx)`);
  }
  assert.equal(heard, 2);
  queries[0].dispatchEvent(new Event("change"));
  stop();
  queries.at(-1).dispatchEvent(new Event("change"));
  assert.equal(heard, 2);
});

test("a point on a graph is sent in the numbers of its axes", () => {
  const { built } = fakeDocument();
  const asked = [];
  const plane = {
    frame: { getBoundingClientRect: () => ({ left: 0, top: 0, width: 400 }) },
    side: () => 400,
    labels: () => ["α", "φ"],
    view: () => [0, 1, 0, 1],
    value: (axis, at) => (axis ? 180 * at : 1e-3 * 1e4 ** at),
  };
  const handles = makeHandles(plane, {
    ask: (set) => asked.push(set.cell),
    redraw() {},
    busy: () => false,
  });
  const spec = {
    id: "cell",
    plane: "map",
    at: [0.25, 0.5],
    label: "run",
    field: "cell",
    style: "x",
  };
  handles.update([spec], {});
  const element = built.find((one) => one.getAttribute("data-handle") === "cell");
  element.dispatchEvent(eventOf("keydown", { key: "ArrowRight" }));
  assert.deepEqual(asked.at(-1), [Number((1e-3 * 1e4 ** 0.27).toPrecision(12)), 90]);
});
