// Where a code is typed; it says why the one in the address leads nowhere.

import { make } from "../lib/dom.js";
import { say, spaced } from "./words.js";

/**
 * @param {HTMLElement} root
 * @param {{ base: string, code: string, missing?: string }} place
 */
export function openJoinPage(root, { base, code, missing }) {
  const input = make("input", {
    id: "classroom-code",
    type: "text",
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: "false",
    maxlength: 12,
    "aria-describedby": "classroom-why",
  });
  const why = make(
    "p",
    { id: "classroom-why", role: "alert" },
    missing ? say(`join-${missing}`, { code: spaced(code) }) : "",
  );
  const go = () => {
    const typed = input.value.replace(/[\s-]/g, "").toUpperCase();
    if (typed) location.href = `${base}class/${encodeURIComponent(typed)}`;
    else input.focus();
  };
  input.addEventListener("keydown", ({ key }) => key === "Enter" && go());
  root.replaceChildren(
    make(
      "main",
      { class: "natgrad classroom-join" },
      make("h1", {}, say("join-class")),
      why,
      make("label", { for: "classroom-code" }, say("join-code")),
      input,
      make("button", { type: "button", onclick: go }, say("join")),
    ),
  );
  input.focus();
}
