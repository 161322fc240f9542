// The lesson's text, whose claims can be clicked, and the formula strip, whose numbers are live.

import { make, setText } from "../lib/dom.js";
import { keepInView } from "../lib/keep_in_view.js";
import { show } from "../lib/number_format.js";
import { hideAnswers, hideLines } from "./hidden_answers.js";
import { makeDerivation } from "./derivation.js";
import { makeExercises, makeIntroduction, makeSummary } from "./lesson_frame.js";
import { makePrediction } from "./quiz.js";
import { spoken } from "../lib/mathml_text.js";
import { say } from "../i18n/en.js";

/**
 * @param {LessonData} lesson
 * @param {object} page
 * @param {AskFor} page.ask for a state that the lesson has prepared
 * @param {AskFor} page.change the state that is shown
 * @param {() => string[]} page.said
 * @param {(shows: string[]) => void} page.light what a sentence speaks of, or nothing
 * @param {(html: string) => void} page.tell over the picture, what it shows
 * @param {(name: string) => void} page.onshown what answered a question is hidden no longer
 * @param {(line: HTMLElement) => void} page.written a line of a derivation came to the page
 */
export function makeWords(lesson, { ask, change, said, light, tell, onshown, written }) {
  /** @type {ReturnType<typeof makePrediction>[]} */
  const predictions = [];
  /** @type {ReturnType<typeof makeDerivation>[]} */
  const derivations = [];
  const parts = lesson.words.map(({ id, heading, html, derivations: derived, predict }) => {
    const body = make("div", { class: "prose" });
    body.innerHTML = html;
    if (predict) predictions.push(makePrediction(predict, { ask, said }));
    const unfolding = derived.map((each) => makeDerivation(each, { ask: change, light, written }));
    derivations.push(...unfolding);
    for (const place of body.querySelectorAll("[data-place]")) {
      const name = place.getAttribute("data-place");
      const built = name === "question" ? predictions.at(-1) : unfolding.find((u) => u.id === name);
      if (built) place.replaceWith(built.box);
    }
    return make("section", { "data-words": id }, heading ? make("h2", {}, heading) : null, body);
  });
  const box = make(
    "section",
    { class: "words", "data-part": "words", tabindex: "0", "aria-label": say("lesson") },
    makeIntroduction(lesson.introduction),
    ...parts,
    makeSummary(lesson.summary),
    makeExercises(lesson.exercises, { ask }),
  );
  const questions = lesson.words.flatMap(({ predict }) => (predict ? [predict] : []));
  const hidden = hideAnswers(box, questions, onshown);
  /** @type {HTMLElement[]} */
  const claims = [...box.querySelectorAll("[data-claim]")].filter((e) => e instanceof HTMLElement);
  /** @type {HTMLElement | null} */
  let pressed = null; // and not answered yet
  for (const phrase of claims) {
    const claim = lesson.claims?.[phrase.dataset.claim ?? ""];
    phrase.setAttribute("role", "button");
    phrase.setAttribute("tabindex", "0");
    if (phrase.querySelector("math")) phrase.setAttribute("aria-label", spoken(phrase));
    phrase.title = say("show-it");
    /** @param {Event} event */
    const act = (event) => {
      event.preventDefault();
      event.stopPropagation();
      if (!claim) return;
      ask(claim.set);
      mark(phrase);
      light(claim.shows);
      tell(phrase.innerHTML);
      keepInView(phrase);
      pressed = phrase;
    };
    phrase.addEventListener("click", act);
    phrase.addEventListener("keydown", (e) => (e.key === "Enter" || e.key === " ") && act(e));
  }
  /** @param {Element | null} chosen */
  const mark = (chosen) => claims.forEach((c) => c.classList.toggle("shown", c === chosen));
  return {
    box,
    /** @param {string} id */
    claim: (id) => claims.find((phrase) => phrase.dataset.claim === id)?.innerHTML ?? "",
    unmark() {
      if (claims.some((c) => c.classList.contains("shown"))) light([]);
      mark(null);
    },
    nextLine: () => derivations.some((derivation) => derivation.next()),
    /**
     * @param {Partial<Answer>} answer
     * @param {Changes} wished what the reader set and this answer does not show yet
     */
    update({ revealed = {}, state, numbers }, wished = {}) {
      predictions.forEach((p) => p.update(revealed));
      Object.keys(revealed).forEach(hidden.answered);
      derivations.forEach((d) => d.update(wished.derive ?? state?.derive, numbers));
      const shown = pressed;
      pressed = null;
      if (shown) requestAnimationFrame(() => keepInView(shown)); // other numbers, of other heights
    },
  };
}

// The formula strip, without the lines that would answer a question which is open.
/**
 * @param {LessonData} lesson
 * @param {() => void} onshown the reader asked to see a line
 */
export function makeFormulas(lesson, onshown) {
  const parts = (lesson.formulas ?? []).map(({ id, html, say: line }) => {
    const body = make("div", { class: "typeset" });
    body.innerHTML = html;
    return make(
      "div",
      { class: "formula", "data-formula": id },
      body,
      line ? make("p", {}, line) : null,
    );
  });
  const box = make(
    "section",
    { class: "formulas", "data-part": "formulas", "aria-label": say("formulas") },
    ...parts,
  );
  const lines = new Map(parts.map((line) => [`formula.${line.dataset.formula}`, line]));
  const answers = hideLines(box, lines, lesson.words, {
    label: say("show-formulas"),
    onshown: () => (fix(), onshown()),
  });
  // Typeset numbers change with every frame of a drag. Once its height is known, a line is laid
  // out alone, and not the page with it.
  function fix() {
    const lines = [...box.querySelectorAll(".typeset")].filter((e) => e instanceof HTMLElement);
    lines.forEach((line) => (line.classList.remove("set"), (line.style.height = "")));
    const heights = lines.map((line) => line.offsetHeight);
    lines.forEach(
      (line, i) =>
        heights[i] && (line.classList.add("set"), (line.style.height = `${heights[i] + 2}px`)),
    );
  }
  // A picture with several faces shows the lines of the one it has on.
  /** @param {Pick<Answer, "shown" | "revealed">} answer */
  function update({ shown = {}, revealed = {} }) {
    let changed = answers.answered(Object.keys(revealed));
    for (const line of parts) {
      const name = line.dataset.formula ?? "";
      const hidden = Boolean(shown.formulas && !shown.formulas.includes(name));
      changed ||= line.hidden !== hidden;
      if (line.hidden !== hidden) line.hidden = hidden;
    }
    answers.offer();
    if (changed) fix();
  }
  return {
    box,
    fix,
    update,
    /** @param {string[]} shows what a sentence speaks of: the reader asks to see it */
    reveal: (shows) => answers.reveal(shows) && fix(),
    hiding: answers.hiding,
  };
}

// Fills every [data-live] under `root`: from `numbers`; or, at step k, from the list "@name", or
// from the array "live", a row a step, whose columns are named by the list "@".
/**
 * @param {HTMLElement} root
 * @param {ArrayOf} array
 */
export function makeLive(root, array) {
  const find = () => /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-live]"));
  let places = find();
  /** @type {Answer["numbers"]} */
  let numbers = {};
  /** @type {string[]} */
  let names = [];
  /** @type {Numbers | null | undefined} */
  let table = null;
  /**
   * @param {number} k
   * @param {boolean} all also what no step changes
   */
  function fill(k, all) {
    for (const element of places) {
      const name = element.dataset.live ?? "";
      const column = names.indexOf(name);
      const series = numbers[`@${name}`];
      if (!series && column < 0 && !all) continue;
      const value =
        column >= 0
          ? table?.[Math.min(k, table.length / names.length - 1) * names.length + column]
          : series
            ? series[Math.min(k, series.length - 1)]
            : numbers[name];
      // What the answer does not name has no value now: the number of another state must not stay.
      setText(element, show(value ?? element.dataset.or));
    }
  }
  return {
    /**
     * @param {Answer["numbers"]} newNumbers
     * @param {number} k
     */
    adopt(newNumbers = {}, k = 0) {
      numbers = newNumbers;
      names = numbers["@"] ?? [];
      table = array("live");
      fill(k, true);
    },
    /** @param {number} k */
    step: (k) => fill(k, false),
    /**
     * Places were put on the page or taken from it.
     *
     * @param {number} k
     */
    look(k) {
      places = find();
      fill(k, true);
    },
  };
}
