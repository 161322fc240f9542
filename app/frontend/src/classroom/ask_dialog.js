// What a lecturer asks: a question of the lesson, or one that they type.

import { freshId, make, setText } from "../lib/dom.js";
import { openDialog, sayButton } from "./window.js";
import { say } from "./words.js";

/** @param {SeatedPage} page */
function runsOf({ state, transport }) {
  const answer = state.shown();
  const k = transport.k();
  const found = [];
  for (const trace of answer.traces) {
    const points = trace.kind === "path" ? state.array(trace.points) : undefined;
    if (!points || points.length < 2 * (k + 2)) continue;
    const place = (/** @type {number} */ i) => [points[2 * i], points[2 * i + 1]];
    const plane = answer.planes.find(({ name }) => name === trace.plane);
    if (![...place(k), ...place(k + 1)].every(Number.isFinite)) continue;
    found.push({
      label: `${plane?.title ?? trace.plane}: ${trace.name}`,
      plane: trace.plane,
      start: place(k),
      right: place(k + 1),
    });
  }
  return found;
}

/**
 * @param {SeatedPage} page
 * @param {(asked: Changes) => void} ask
 */
export function openAskDialog(page, ask) {
  const { root, lesson } = page;
  const close = () => box.close();
  const own = lesson.words.flatMap(({ predict }) => (predict ? [predict] : []));
  const listed = own.map(({ id, html }) => {
    const button = make("button", { type: "button", class: "asked" });
    button.innerHTML = html;
    button.addEventListener("click", () => {
      close();
      ask({ name: id });
    });
    return button;
  });
  const why = make("p", { role: "alert" });
  const text = make("textarea", { rows: 2, maxlength: 500, id: freshId("text") });
  const kinds = ["choice", "number", "point"];
  const kind = make(
    "select",
    { id: freshId("kind") },
    ...kinds.map((name) => make("option", { value: name }, say(name))),
  );
  const options = make("textarea", { rows: 4, id: freshId("options") });
  const right = make("input", { type: "number", step: "any", id: freshId("right") });
  const runs = runsOf(page);
  const run = make(
    "select",
    { id: freshId("run") },
    ...runs.map(({ label }, i) => make("option", { value: i }, label)),
  );
  /**
   * @param {string} words
   * @param {HTMLElement} field
   */
  const row = (words, field) => make("label", { for: field.id }, words, field);
  const rows = {
    options: row(say("options"), options),
    right: row(say("right"), right),
    run: row(say("run"), run),
  };
  function shape() {
    rows.options.hidden = kind.value !== "choice";
    rows.right.hidden = kind.value === "point";
    rows.run.hidden = kind.value !== "point";
    right.placeholder = kind.value === "choice" ? say("right-option") : "";
  }
  kind.addEventListener("change", shape);
  shape();

  function go() {
    /** @type {Changes} */
    const asked = { kind: kind.value, text: text.value.trim() };
    if (!asked.text) return setText(why, say("no-text"));
    if (kind.value === "choice") {
      asked.options = options.value.split("\n").filter((line) => line.trim());
      if (asked.options.length < 2 || asked.options.length > 8)
        return setText(why, say("no-options"));
      if (right.value) asked.right = Number(right.value) - 1;
    } else if (kind.value === "number") {
      if (right.value) asked.right = Number(right.value);
    } else {
      const chosen = runs[Number(run.value)];
      if (!chosen) return setText(why, say("no-plane"));
      Object.assign(asked, { plane: chosen.plane, start: chosen.start, right: chosen.right });
    }
    close();
    ask(asked);
  }
  const box = openDialog(
    root,
    say("question"),
    make("h3", {}, say("lesson-questions")),
    ...(listed.length ? listed : [make("p", {}, say("no-lesson-questions"))]),
    make("h3", {}, say("own-question")),
    row(say("question-text"), text),
    row(say("kind"), kind),
    rows.options,
    rows.right,
    rows.run,
    why,
    make("div", { class: "buttons" }, sayButton("ask", go, "main"), sayButton("cancel", close)),
  );
}
