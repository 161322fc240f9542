// A run is pinned; the next one is drawn over it, and a small table says what differs.

import { make, setText } from "../lib/dom.js";
import { show } from "../lib/number_format.js";
import { lastGood, trail } from "../canvas/primitives.js";
import { swatch } from "../canvas/markers.js";
import { say } from "../i18n/en.js";

// Under the living layer: the pinned paths of this plane, faint, and where they end.
/**
 * @param {Pen} ctx
 * @param {Ghost[]} ghosts
 * @param {Drawing} look
 */
export function drawGhosts(ctx, ghosts, { palette, place, weight, plane }) {
  ctx.globalAlpha = 0.4;
  ctx.lineCap = "butt";
  for (const { trace, points } of ghosts) {
    if (trace.plane !== plane) continue;
    ctx.beginPath();
    trail(ctx, points, 0, points.length / 2 - 1, place);
    ctx.strokeStyle = palette.color("text");
    ctx.lineWidth = 5 * weight;
    ctx.setLineDash([]);
    ctx.globalAlpha = 0.16;
    ctx.stroke();
    ctx.strokeStyle = palette.color(trace.style);
    ctx.lineWidth = 1.4 * weight;
    ctx.setLineDash(trace.dash === "dashed" ? [2 * weight, 4 * weight] : []);
    ctx.globalAlpha = 0.7;
    ctx.stroke();
    const end = lastGood(points);
    ctx.beginPath();
    ctx.arc(place.x(points[2 * end]), place.y(points[2 * end + 1]), 6 * weight, 0, 2 * Math.PI);
    ctx.setLineDash([]);
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
  ctx.lineCap = "round";
}

/** @param {Trace} trace */
const keyOf = ({ plane, rule, style, name, dash }) =>
  [plane, rule ?? style, dash ?? "solid", name].join("|");

// What a run comes to: where it ends, and the loss there.
/**
 * @param {Trace} trace
 * @param {ArrayOf} array
 */
function endOf(trace, array) {
  const points = array(trace.points) ?? new Float32Array(2).fill(NaN);
  const loss = trace.values?.loss ? array(trace.values.loss) : undefined;
  const last = lastGood(points);
  return { at: [points[2 * last], points[2 * last + 1]], step: last, loss: loss?.[last] };
}

// A setting in words; what is a list has its entries in short.
/**
 * @param {unknown} value
 * @returns {string}
 */
function worded(value) {
  if (Array.isArray(value)) return value.map(worded).join(", ");
  return typeof value === "number" ? show(value) : String(value ?? "–");
}

/**
 * @param {LessonData} lesson
 * @param {{ array: ArrayOf }} page
 */
export function makePin(lesson, { array }) {
  /**
   * @type {{
   *   ghosts: Ghost[],
   *   ends: Map<string, ReturnType<typeof endOf>>,
   *   state: Changes,
   *   meter: MeterRow[],
   * } | null}
   */
  let pinned = null;
  const head = make("h2", {}, say("pinned"));
  const drop = make(
    "button",
    { type: "button", class: "plain unpin", onclick: () => pin.clear() },
    say("unpin"),
  );
  const settings = make("p", { class: "changed" });
  const table = make("table", {});
  const box = make(
    "section",
    { class: "pinned", "aria-label": say("pinned"), hidden: true },
    head,
    drop,
    settings,
    table,
  );
  /** @type {(held: boolean) => void} */
  let onchange = () => {};
  const fields = lesson.controls.flatMap((group) => group.controls);
  const called = new Map(fields.map(({ field, label }) => [field, label]));

  // The first plane that a run is drawn in says where it is; the others show the same run.
  /**
   * @param {Trace[]} traces
   * @returns {Map<string, Trace>}
   */
  const runs = (traces) => {
    const found = new Map();
    for (const trace of traces.filter(({ kind }) => kind === "path")) {
      const run = [trace.rule ?? trace.style, trace.dash ?? "solid"].join("|");
      if (!found.has(run)) found.set(run, trace);
    }
    return found;
  };

  /**
   * @param {"th" | "td"} tag
   * @param {string[]} texts
   */
  const cells = (tag, texts) => make("tr", {}, ...texts.map((text) => make(tag, {}, text)));

  const pin = {
    box,
    /** @returns {Ghost[]} */
    ghosts: () => pinned?.ghosts ?? [],
    held: () => Boolean(pinned),
    /** @param {(held: boolean) => void} listener */
    onchange: (listener) => (onchange = listener),
    /** @param {Answer} answer */
    set(answer) {
      const traces = answer.traces.filter(({ kind }) => kind === "path");
      pinned = {
        ghosts: traces.map((trace) => ({
          key: keyOf(trace),
          trace,
          points: (array(trace.points) ?? new Float32Array()).slice(),
        })),
        ends: new Map([...runs(traces)].map(([run, trace]) => [run, endOf(trace, array)])),
        state: answer.state,
        meter: answer.meter ?? [],
      };
      pin.update(answer);
      onchange(true);
    },
    clear() {
      pinned = null;
      box.hidden = true;
      onchange(false);
    },
    /** @param {Pick<Answer, "traces" | "state" | "meter">} answer */
    update({ traces, state, meter = [] }) {
      if (!pinned) return;
      const before = pinned;
      box.hidden = false;
      const changed = Object.keys(state).filter(
        (name) =>
          !["k", "answers"].includes(name) &&
          JSON.stringify(state[name]) !== JSON.stringify(before.state[name]),
      );
      /** @param {string} name */
      const turned = (name) =>
        `${called.get(name) ?? name}: ${worded(before.state[name])} → ${worded(state[name])}`;
      setText(settings, changed.length ? changed.map(turned).join("; ") : say("nothing-changed"));
      const lines = [];
      for (const [run, trace] of runs(traces)) {
        const [old, now] = [before.ends.get(run), endOf(trace, array)];
        const label = `${lesson.styles[trace.style]?.label ?? trace.style}, ${trace.name}`;
        const mark = swatch(trace.style, lesson.styles[trace.style], { line: false });
        const apart = old && Math.hypot(now.at[0] - old.at[0], now.at[1] - old.at[1]);
        const texts = [old?.loss, now.loss, apart].map((value) =>
          Number.isFinite(value) ? show(value, 4) : "–",
        );
        const row = cells("td", [label, ...texts]);
        row.firstElementChild?.prepend(mark);
        lines.push(row);
      }
      for (const { rule, style, gap } of meter) {
        const old = before.meter.find((entry) => entry.rule === rule)?.gap;
        const texts = [old, gap].map((value) => (typeof value === "number" ? show(value, 2) : "–"));
        lines.push(
          cells("td", [
            `${lesson.styles[style]?.label ?? rule}, ${lesson.meter.toLowerCase()}`,
            ...texts,
            "",
          ]),
        );
      }
      const names = [say("run"), say("loss-pinned"), say("loss-now"), say("ends-apart")];
      table.replaceChildren(make("thead", {}, cells("th", names)), make("tbody", {}, ...lines));
    },
  };
  return pin;
}
