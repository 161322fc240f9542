// What the class said: bars by option, a histogram, or a cloud; each round beside the one before.

import { make } from "../lib/dom.js";
import { say } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {Element[]} children
 */
export function shape(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** @typedef {import("../protocol").ClassQuiz} ClassQuiz */
/** @typedef {import("../protocol").ClassResult} ClassResult */

/** The name of an option before an audience. @param {number} i */
export const letter = (i) => String.fromCharCode(65 + i);

/**
 * What is asked, and its options: plain text of the lecturer's, or HTML of the lesson's own text.
 *
 * @param {ClassQuiz} quiz
 * @param {LessonData | null} lesson
 */
export function wordsOf({ question, lesson: name }, lesson) {
  const found = lesson?.name === name ? lesson.words.map(({ predict }) => predict) : [];
  const own = found.find((predict) => predict && predict.id === question.name);
  /**
   * @param {string} html
   * @param {boolean} trusted
   */
  const part = (html, trusted) => {
    const box = make("span", {});
    if (trusted) box.innerHTML = html;
    else box.textContent = html;
    return box;
  };
  return {
    text: part(own ? own.html : question.text || (question.name ?? ""), Boolean(own)),
    options: (own ? own.options : (question.options ?? [])).map((text) => part(text, Boolean(own))),
  };
}

/**
 * @param {ClassQuiz} quiz
 * @param {LessonData | null} lesson
 */
export function makeResults(quiz, lesson) {
  const results = quiz.results ?? [];
  const box = make("div", { class: "classroom-results" });
  if (!results.some(({ answered }) => answered)) {
    box.append(make("p", {}, say("nobody")));
  } else if (quiz.question.kind === "choice") box.append(bars(quiz, results, lesson));
  else if (quiz.question.kind === "number") box.append(...results.map(bins));
  else box.append(make("p", {}, say("cloud-say", { count: results.at(-1)?.answered ?? 0 })));
  const { right, say: reasons = {} } = quiz.truth ?? {};
  const why = reasons[lesson?.language ?? "en"] ?? reasons.en;
  if (why) {
    const words = make("p", { class: "truth" }, make("b", {}, say("engine-says")), " ");
    const because = make("span", {});
    because.innerHTML = why;
    words.append(because);
    box.append(words);
  } else if (quiz.question.kind === "number" && typeof right === "number") {
    box.append(make("p", { class: "truth" }, say("lecturer-says", { right })));
  }
  return box;
}

/**
 * @param {ClassQuiz} quiz
 * @param {ClassResult[]} results
 * @param {LessonData | null} lesson
 */
function bars(quiz, results, lesson) {
  const { options } = wordsOf(quiz, lesson);
  const count = Math.max(...results.map(({ counts = [] }) => counts.length));
  const list = make("ol", { class: "bars" });
  for (let i = 0; i < count; i++) {
    const good = quiz.truth?.right === i;
    const label = make("span", { class: "option" }, make("b", {}, letter(i)), " ");
    if (options[i]) label.append(options[i]);
    if (good) label.append(" ", make("em", {}, `✓ ${say("right-answer")}`));
    const rows = results.map(({ counts = [], answered }, round) => {
      const share = answered ? Math.round((100 * counts[i]) / answered) : 0;
      const bar = make("i", {});
      bar.style.width = `${share}%`;
      const last = round === results.length - 1;
      return make(
        "span",
        { class: last ? "bar" : "bar before" },
        make("span", { class: "track" }, bar),
        make(
          "span",
          { class: "share" },
          `${counts[i]} · ${share} %`,
          results.length > 1 ? make("small", {}, ` ${say("round", { round: round + 1 })}`) : null,
        ),
      );
    });
    list.append(make("li", good ? { class: "right" } : {}, label, ...rows));
  }
  return list;
}

/**
 * @param {ClassResult} result
 * @param {number} round
 */
function bins({ counts = [], edges = [], answered }, round) {
  const most = Math.max(1, ...counts);
  const list = make("ol", { class: "bins" });
  counts.forEach((count, i) => {
    const words = say("bin-say", { from: edges[i], to: edges[i + 1], count });
    const bar = make("i", {});
    bar.style.height = `${(100 * count) / most}%`;
    list.append(
      make(
        "li",
        { title: words },
        make("span", { class: "unseen" }, words),
        make("span", { class: "count", "aria-hidden": "true" }, count ? String(count) : ""),
        make("span", { class: "column" }, bar),
        make("small", { "aria-hidden": "true" }, String(edges[i])),
      ),
    );
  });
  return make(
    "figure",
    { class: "round" },
    make("figcaption", {}, `${say("round", { round: round + 1 })}: ${answered}`),
    list,
  );
}
