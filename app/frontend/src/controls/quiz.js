// Predict, then look: a question whose answer the engine gives once the reader has chosen.

import { freshId, make, setAttribute } from "../lib/dom.js";
import { spoken } from "../lib/mathml_text.js";
import { say } from "../i18n/en.js";

/**
 * @param {import("../protocol").Prediction} prediction
 * @param {{ ask: AskFor, said: () => string[] }} page
 */
export function makePrediction({ id, html, options, set }, { ask, said }) {
  const question = make("p", { id: freshId("question") });
  question.innerHTML = html;
  const buttons = options.map((text, i) => {
    const button = make("button", { type: "button", class: "option", "aria-pressed": "false" });
    button.innerHTML = text;
    if (button.querySelector("math")) setAttribute(button, "aria-label", spoken(button));
    button.addEventListener("click", () => {
      const others = said().filter((answer) => !answer.startsWith(`${id}:`));
      ask({ ...set, answers: [...others, `${id}:${i}`] });
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
      const right = found && found.right === found.chosen;
      setAttribute(box, "data-verdict", found ? (right ? "right" : "wrong") : null);
      verdict.innerHTML = found ? `<b>${say(right ? "right" : "wrong")}</b> ${found.say}` : "";
    },
  };
}
