// What the reader is told when the engine cannot be reached, and the way back.

import { make, setText } from "../lib/dom.js";
import { say } from "../i18n/en.js";

// ms in which a late answer may still come; then the line is opened again without a hand. An engine
// that makes a file and then a picture is silent for as long (session.py, time_limit.py), and none
// longer: the other end is gone, and nobody said so.
const SILENT = 75_000;

/**
 * @param {Model} model
 * @param {() => void} again
 */
export function makeBanner(model, again) {
  const words = make("span");
  const button = make("button", { type: "button" }, say("reconnect"));
  const box = make("div", { class: "banner", role: "alert", hidden: true }, words, button);
  const { link } = model;
  let late = false;
  let heard = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let silent;

  function show() {
    const lost = Boolean(link?.broken());
    const wanted = lost || late;
    const why = (lost && link?.why) || "";
    const kind = lost ? "lost" : link || heard ? "slow" : "not-live";
    setText(words, why === "login" ? say(why) : why || say(kind));
    setText(button, say(why === "login" ? "log-in" : lost || !link ? "reconnect" : "ask-again"));
    if (box.hidden !== !wanted) box.hidden = !wanted;
  }

  // A line says that it is open only when it is so again; what was asked over the old one is lost.
  link?.onstatus((status) => {
    show();
    if (status === "open") again();
  });
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      // The login leads back to this address, which holds the state.
      if (link?.why === "login") location.reload();
      else if (link?.broken()) await link.reconnect();
      else if (link?.renew) link.renew();
      else again();
    } catch {
      // still lost: the banner stays
    } finally {
      button.disabled = false;
      show();
    }
  });
  show();
  return {
    box,
    /** @param {boolean} isLate */
    trouble(isLate) {
      late = isLate;
      clearTimeout(silent);
      if (late) silent = setTimeout(() => link?.renew?.(), SILENT);
      heard ||= !isLate;
      show();
    },
  };
}
