// The windows before an audience: the code, whether to end the class, and what is left after it.

import { save } from "../export/save_file.js";
import { make } from "../lib/dom.js";
import { writeTalk } from "../session/talk_codec.js";
import { shape } from "./results.js";
import { openDialog, openWindow, sayButton } from "./window.js";
import { say, spaced } from "./words.js";

/** @type {Record<string, string>} */
const MIME = { csv: "text/csv", json: "application/json" };

/**
 * The code, as large as the screen.
 *
 * @param {HTMLElement} root
 * @param {import("../protocol").ClassPlace} place
 * @param {number} count how many are there
 * @param {() => void} closed by the lecturer
 */
export function openCover(root, { address, code, qr, local }, count, closed) {
  const box = openWindow(
    root,
    "classroom-cover",
    say("show-code"),
    drawQr(qr, address),
    make(
      "div",
      { class: "join" },
      make("p", {}, say("open-this")),
      make("p", { class: "address" }, address.replace(/^https?:\/\//, "").replace(/\/\w+$/, "")),
      make("p", {}, say("your-code")),
      make("p", { class: "code" }, spaced(code)),
      make("p", { class: "here" }, say("here", { count })),
      local ? make("p", { class: "warn", role: "alert" }, say("local-address", { address })) : null,
      sayButton("begin", () => box.close(), "main"),
    ),
  );
  box.addEventListener("close", closed);
}

/**
 * @param {HTMLElement} root
 * @param {() => void} end
 */
export function askWhetherToEnd(root, end) {
  const box = openDialog(
    root,
    say("end-sure"),
    make(
      "div",
      { class: "buttons" },
      sayButton("end-yes", () => (box.close(), end()), "main"),
      sayButton("cancel", () => box.close()),
    ),
  );
}

/**
 * The counts, and links that replay the class's way through each lesson.
 *
 * @param {HTMLElement} root
 * @param {object} held
 * @param {Map<string, string>} held.files the counts, by kind
 * @param {{ lesson: string, state: string }[]} held.way
 * @param {string} held.base
 * @param {number} held.version
 */
export function openAfterClass(root, { files, way, base, version }) {
  const lessons = [...new Set(way.map((step) => step.lesson))];
  const links = lessons.map((name) => {
    const steps = way.filter((step) => step.lesson === name);
    const talk = encodeURIComponent(writeTalk(steps.map(({ state }) => ({ state }))));
    const href = `${base}${name}?v=${version}&talk=${talk}&present=1`;
    return make("li", {}, make("a", { href }, say("replay", { lesson: name })));
  });
  const kinds = [...files].map(([kind, text]) =>
    sayButton(`save-${kind}`, () => save(`class.${kind}`, text, MIME[kind])),
  );
  const box = openDialog(
    root,
    say("after-class"),
    make("p", {}, say("after-words")),
    make("ul", {}, ...links),
    make(
      "div",
      { class: "buttons" },
      ...kinds,
      sayButton("close", () => box.close()),
    ),
  );
}

/**
 * @param {string[]} rows
 * @param {string} address
 */
function drawQr(rows, address) {
  const size = rows.length + 8; // with the quiet zone of four around it
  const d = rows
    .flatMap((row, y) =>
      [...row].map((cell, x) => (cell === "1" ? `M${x + 4} ${y + 4}h1v1h-1z` : "")),
    )
    .join("");
  return shape(
    "svg",
    { class: "qr", viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": address },
    shape("rect", { width: size, height: size, fill: "#fff" }),
    shape("path", { d, fill: "#000", "shape-rendering": "crispEdges" }),
  );
}
