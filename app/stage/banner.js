// What the reader is told when the engine cannot be reached, and the way back.

import { make, setText } from "./dom.js";

const LOST = "The connection to the engine is lost. What you set is kept.";
const SLOW = "The engine has not answered for a while. What you set is kept.";

export function makeBanner(model, again) {
  const words = make("span");
  const button = make("button", { type: "button" }, "Reconnect");
  const box = make("div", { class: "banner", role: "alert", hidden: true }, words, button);
  const { link } = model;
  let late = false;

  function show() {
    const lost = link && link.status !== "open";
    const wanted = lost || late;
    setText(words, lost ? LOST : SLOW);
    setText(button, lost || !link ? "Reconnect" : "Ask again");
    if (box.hidden !== !wanted) box.hidden = !wanted;
  }

  let status = link?.status;
  link?.onstatus(() => {
    const back = link.status === "open" && status !== "open";
    status = link.status;
    show();
    if (back) again();
  });
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      if (link && link.status !== "open") await link.reconnect();
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
    trouble(isLate) {
      late = isLate;
      show();
    },
  };
}
