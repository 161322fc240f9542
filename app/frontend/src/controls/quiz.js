// Predict, then look: a question whose answer the engine gives once the reader has chosen.

import { freshId, make, setAttribute } from "../lib/dom.js";
import { spoken } from "../lib/mathml_text.js";
import { say } from "../i18n/en.js";

/**
 * @param {string[]} said the answers given
 * @param {string} id of a question
 * @param {number | ""} choice none, where its answer is shown without
 */
export const withAnswer = (said, id, choice) => [
  ...said.filter((answer) => !answer.startsWith(`${id}:`)),
  `${id}:${choice}`,
];

/**
 * @param {import("../protocol").Prediction} prediction
 * @param {{ ask: AskFor, said: () => string[] }} page
 */
export function makePrediction({ id, html, options, set, reason }, { ask, said }) {
  const question = make("p", { id: freshId("question") });
  question.innerHTML = html;
  const buttons = options.map((text, i) => {
    const button = make("button", { type: "button", class: "option", "aria-pressed": "false" });
    button.innerHTML = text;
    if (button.querySelector("math")) setAttribute(button, "aria-label", spoken(button));
    button.addEventListener("click", () => {
      ask({ ...set, answers: withAnswer(said(), id, i) });
    });
    return button;
  });
  const verdict = make("p", { class: "verdict", role: "status" });
  const box = make(
    "div",
    {
      class: "predict",
      "data-part": "questions",
      role: "group",
      "aria-labelledby": question.id,
      "data-predict": id,
    },
    question,
    make("div", { class: "options" }, ...buttons),
    verdict,
  );
  let shown = "";
  return {
    box,
    /** @param {Answer["revealed"]} revealed */
    update(revealed) {
      const found = revealed[id];
      const key = JSON.stringify(found ?? null);
      if (key === shown) return;
      shown = key;
      buttons.forEach((button, i) => {
        setAttribute(button, "aria-pressed", found?.chosen === i);
        setAttribute(button, "data-truth", found ? (found.right === i ? "so" : "not so") : null);
      });
      const chose = found && found.chosen !== null;
      const word = chose && (found.right === found.chosen ? "right" : "wrong");
      setAttribute(box, "data-verdict", word || null);
      verdict.innerHTML = found ? (word ? `<b>${say(word)}</b> ` : "") + reason : "";
    },
  };
}
