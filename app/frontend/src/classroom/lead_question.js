// The question before an audience: its options, how many have answered, and what came of it.

import { make, setText } from "../lib/dom.js";
import { drawCloud } from "./arrows.js";
import { letter, makeResults, wordsOf } from "./results.js";
import { sayButton } from "./window.js";
import { say } from "./words.js";

/** @typedef {import("../protocol").ClassQuiz} ClassQuiz */

/**
 * @param {SeatedPage} page
 * @param {(word: import("../protocol").ClassWord) => void} order
 */
export function makeQuestionPanel(page, order) {
  const { root, lesson } = page;
  const box = make("section", {
    class: "classroom-quiz lead",
    hidden: true,
    "aria-live": "polite",
  });
  let undraw = () => {};

  return {
    box,
    /** @param {ClassQuiz | null} quiz */
    show(quiz) {
      undraw();
      undraw = () => {};
      box.replaceChildren();
      box.hidden = !quiz;
      delete root.dataset.asked;
      if (!quiz) return;
      const { text, options } = wordsOf(quiz, lesson);
      const title = make("h2", {});
      title.append(text);
      box.append(title);
      if (!quiz.open && quiz.results && quiz.revealed) box.append(makeResults(quiz, lesson));
      else if (quiz.question.kind === "choice") {
        const list = make("ol", { class: "offered" });
        options.forEach((option, i) =>
          list.append(make("li", {}, make("b", {}, letter(i)), " ", option)),
        );
        box.append(list);
      }
      if (quiz.question.kind === "point") {
        if (!quiz.revealed) root.dataset.asked = "point";
        undraw = drawCloud(page, quiz.revealed ? quiz : { ...quiz, results: [] });
      }
      box.append(
        make(
          "div",
          { class: "foot" },
          make("p", { class: "answered" }),
          make(
            "div",
            { class: "buttons" },
            quiz.open ? sayButton("close-round", () => order({ close: true })) : null,
            quiz.revealed ? null : sayButton("reveal", () => order({ reveal: true }), "main"),
            quiz.open ? null : sayButton("ask-again", () => order({ again: true })),
            quiz.open ? null : sayButton("put-away", () => order({ clear: true })),
          ),
        ),
      );
    },
    /**
     * @param {number} answered
     * @param {number} count
     */
    tell(answered, count) {
      const line = box.querySelector(".answered");
      if (line) setText(line, say("answered", { answered, count: Math.max(count, answered) }));
    },
    remove() {
      undraw();
      box.remove();
    },
  };
}
