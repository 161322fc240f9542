// A window above the page of those who lead, and a button with its words.

import { make } from "../lib/dom.js";
import { say } from "./words.js";

/**
 * @param {string} key
 * @param {() => void} act
 * @param {string} [kind]
 */
export const sayButton = (key, act, kind = "") =>
  make("button", { type: "button", class: kind, onclick: act }, say(key));

/**
 * It takes the place of one of its kind, and is gone once it is closed.
 *
 * @param {HTMLElement} root
 * @param {string} kind
 * @param {string} label what it is called where it is not seen
 * @param {(Node | null)[]} parts
 */
export function openWindow(root, kind, label, ...parts) {
  root.querySelector(`.${kind}`)?.remove();
  const box = make("dialog", { class: kind, "aria-label": label }, ...parts);
  box.addEventListener("close", () => box.remove());
  box.addEventListener("keydown", (event) => event.stopPropagation()); // no key of the page's
  root.append(box);
  box.showModal();
  return box;
}

/**
 * A window with its title.
 *
 * @param {HTMLElement} root
 * @param {string} title
 * @param {(Node | null)[]} parts
 */
export const openDialog = (root, title, ...parts) =>
  openWindow(root, "classroom-dialog", title, make("h2", {}, title), ...parts);
