// The question as a follower sees it: answer, change the answer, and see what came of it.

import { freshId, make, setAttribute, setText } from "../lib/dom.js";
import { dragArrow, drawCloud } from "./arrows.js";
import { letter, makeResults, wordsOf } from "./results.js";
import { say } from "./words.js";

/**
 * @param {object} page
 * @param {(word: import("../protocol").ClassWord) => boolean} page.answer whether there is a line
 * @param {() => SeatedPage | null} page.page
 */
export function makeAnswerPanel({ answer, page }) {
  const box = make("section", { class: "classroom-quiz", hidden: true, "aria-live": "polite" });
  const status = make("p", { class: "status" });
  /** @type {import("../protocol").ClassQuiz | null} */
  let quiz = null;
  /** @type {any} */
  let own = null;
  /** @type {HTMLButtonElement[]} */
  let buttons = [];
  /** @type {HTMLInputElement | null} */
  let input = null;
  /** @type {LessonData | null} */
  let lesson = null;
  let undraw = () => {};
  /** @type {Map<string, any>} */
  const owned = new Map(); // this device's answer in each round, as the server has it
  /** @type {{ key: string, value: any } | null} */
  let unheard = null; // what was answered since, and perhaps never came to the server
  /** @param {import("../protocol").ClassQuiz} of */
  const key = ({ id, round }) => `${id}.${round}`;

  /**
   * @param {any} value
   * @param {boolean} [resend] the server may know a later one
   */
  function send(value, resend = false) {
    if (!quiz) return;
    if (!resend) unheard = { key: key(quiz), value };
    if (!answer({ answer: value, round: [quiz.id, quiz.round], resend }))
      setText(status, say("not-sent"));
  }

  function mark() {
    buttons.forEach((button, i) => setAttribute(button, "aria-pressed", own === i));
    if (input && own !== null && document.activeElement !== input) input.value = String(own);
  }

  function paint() {
    undraw();
    undraw = () => {};
    const seated = page();
    if (quiz && seated && quiz.question.kind === "point") {
      seated.root.dataset.asked = quiz.revealed ? "" : "point";
      undraw = quiz.open ? dragArrow(seated, quiz, own, send) : drawCloud(seated, quiz);
    } else if (seated) delete seated.root.dataset.asked;
  }

  function build() {
    buttons = [];
    input = null;
    box.replaceChildren();
    box.hidden = !quiz;
    if (!quiz) return;
    const { text, options } = wordsOf(quiz, lesson);
    const title = make("h2", { id: freshId("asked") });
    title.append(text);
    setAttribute(box, "aria-labelledby", title.id);
    box.append(title);
    if (quiz.revealed) box.append(makeResults(quiz, lesson));
    else if (quiz.question.kind === "choice") {
      buttons = options.map((option, i) => {
        const button = make("button", { type: "button", class: "option" });
        button.append(make("b", {}, letter(i)), " ", option);
        button.disabled = !quiz?.open;
        button.addEventListener("click", () => send(i));
        return button;
      });
      box.append(make("div", { class: "options", role: "group" }, ...buttons));
    } else if (quiz.question.kind === "number" && quiz.open) {
      const field = make("input", { type: "number", step: "any", inputmode: "decimal" });
      setAttribute(field, "aria-labelledby", title.id);
      input = field;
      const go = () => field.value !== "" && send(Number(field.value));
      field.addEventListener("keydown", ({ key }) => key === "Enter" && go());
      const button = make("button", { type: "button", onclick: go }, say("send"));
      box.append(make("div", { class: "number" }, field, button));
    }
    box.append(status);
    mark();
  }

  function hint() {
    const hints = { choice: "choose-one", number: "type-number", point: "drag-arrow" };
    if (!quiz || quiz.revealed) return "";
    if (!quiz.open) return say("closed-quiz");
    return say(own === null ? hints[quiz.question.kind] : "counted");
  }

  return {
    box,
    /**
     * @param {import("../protocol").ClassQuiz | null} now
     * @param {LessonData | null} known
     */
    show(now, known) {
      const fresh = now?.id !== quiz?.id || now?.round !== quiz?.round;
      quiz = now;
      own = (now && owned.get(key(now))) ?? null;
      lesson = known ?? lesson;
      build();
      setText(status, hint());
      paint();
      if (fresh && quiz) box.scrollIntoView({ block: "nearest" });
      if (!quiz?.open) return;
      // The line may have been cut under an answer, and a server that was restarted knows of none.
      if (unheard?.key === key(quiz)) send(unheard.value);
      else if (own !== null) send(own, true);
    },
    /** @param {any} value that counts as this device's */
    mine(value) {
      own = value;
      if (JSON.stringify(unheard?.value) === JSON.stringify(value)) unheard = null;
      if (quiz) owned.set(key(quiz), value);
      mark();
      setText(status, hint());
    },
    /** @param {string} why an answer does not count */
    tell(why) {
      unheard = null;
      setText(status, say(why));
    },
    /** The page was set up again around it. @param {LessonData} known */
    placed(known) {
      lesson = known;
      build();
      setText(status, hint());
      paint();
    },
  };
}
