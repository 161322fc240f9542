// The script of a class: fetched by those who lead one, follow one, or have left one for a while.

import { make, setText } from "../lib/dom.js";
import { kept, keep } from "../classroom/kept.js";
import { lead } from "../classroom/lead.js";
import { openLine } from "../classroom/line.js";
import { styled } from "../classroom/style.js";
import { say, speak } from "../classroom/words.js";

export { follow } from "../classroom/follow.js";

/**
 * Take the seat that this tab has in a class.
 *
 * @param {SeatedPage} page
 * @param {any} link the page's line to its kernel
 * @param {boolean} starts whether the reader wishes to start a class
 * @returns {() => void}
 */
export function sit(page, link, starts) {
  speak([page.lesson.language]);
  styled();
  if (page.root.querySelector(".classroom-bar.lead")) return () => {};
  const held = kept();
  if (starts || held?.token) {
    if (!held?.token) keep(null);
    return lead(page, link);
  }
  return held?.code ? alone(page, link, held) : () => {};
}

/**
 * On one's own for a while: the way back.
 *
 * @param {SeatedPage} page
 * @param {any} link
 * @param {import("../classroom/kept.js").Kept} held
 */
function alone({ root, jump }, link, held) {
  const again = () => {
    keep(null);
    location.href = `${link.line.base}class/${held.code}`;
  };
  const status = make("span", { class: "status", role: "status" }, say("now-alone"));
  const back = make("button", { type: "button", onclick: again }, say("again"));
  const bar = make(
    "aside",
    { class: "classroom-bar alone", "aria-label": say("class", { code: held.code ?? "" }) },
    status,
    back,
  );
  root.prepend(bar);
  const wire = openLine({
    path: () => `${link.line.base}class/${held.code}/line?aside=1`,
    protocols: () => ["natgrad.class"],
    opened: () => {},
    changed(now) {
      if (now !== "ended") return;
      keep(null);
      setText(status, say("ended"));
      back.hidden = true;
    },
    hear({ quiz }) {
      if (quiz === undefined) return;
      setText(status, say(quiz?.open ? "asked-now" : "now-alone"));
      back.classList.toggle("main", Boolean(quiz?.open));
    },
  });
  if (held.set) {
    jump(held.set);
    keep({ code: held.code });
  }
  return () => {
    wire.stop();
    bar.remove();
  };
}
