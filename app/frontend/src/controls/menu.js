// What is done now and then, out of the way behind one button: a list of actions in groups. A
// module adds its own with `add`; what an action has to say for a moment, it says at the button.

import { drawing, freshId, make, setAttribute, setText, targetOf } from "../lib/dom.js";
import { say } from "../i18n/en.js";

const DOTS =
  '<circle cx="8" cy="2.6" r="1.5"/><circle cx="8" cy="8" r="1.5"/><circle cx="8" cy="13.4" r="1.5"/>';
/** @type {Record<string, number>} */
const DIRECTIONS = { ArrowDown: 1, ArrowUp: -1 };
const SAID = 1800; // ms that a word at the button stays

export function makeMenu() {
  const list = make("div", { class: "actions", role: "menu", id: freshId("menu"), hidden: true });
  const button = make(
    "button",
    {
      type: "button",
      class: "tool",
      title: say("menu"),
      "aria-label": say("menu"),
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-controls": list.id,
    },
    drawing(DOTS),
  );
  const said = make("span", { class: "said", role: "status" });
  const box = make("div", { class: "menu", "data-part": "menu" }, button, list, said);
  setAttribute(list, "aria-label", say("menu"));
  /** @type {Map<string, HTMLElement>} */
  const groups = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const items = () =>
    [...list.querySelectorAll("button:not([hidden]):not(:disabled)")].filter(
      (item) => item instanceof HTMLElement,
    );

  /**
   * @param {boolean} wanted
   * @param {boolean} focus
   */
  function open(wanted, focus = true) {
    if (list.hidden === !wanted) return;
    list.hidden = !wanted;
    setAttribute(button, "aria-expanded", wanted);
    if (focus) (wanted ? items()[0] : button)?.focus();
  }

  /**
   * @param {HTMLElement} from
   * @param {number} way
   */
  function step(from, way) {
    const all = items();
    all.at((all.indexOf(from) + way + all.length) % all.length)?.focus();
  }

  button.addEventListener("click", () => open(Boolean(list.hidden)));
  box.addEventListener("keydown", (event) => {
    const { key } = event;
    const target = targetOf(event);
    if (list.hidden && !(target === button && key === "ArrowDown")) return;
    if (key === "Escape") open(false);
    else if (list.hidden) open(true);
    else if (DIRECTIONS[key]) step(target, DIRECTIONS[key]);
    else if (key === "Home") items()[0]?.focus();
    else if (key === "End") items().at(-1)?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  box.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget instanceof Node && !box.contains(relatedTarget)) open(false, false);
  });
  /** @param {Event} event */
  const outside = (event) => !box.contains(targetOf(event)) && open(false, false);
  document.addEventListener("pointerdown", outside);

  return {
    box,
    // One action: `act` is called once the menu is closed; `keys` are shown beside its label. The
    // groups stand in the order in which they were first named. Returns the action's button.
    /**
     * @param {object} action
     * @param {string} action.id
     * @param {string} action.label
     * @param {() => void} action.act
     * @param {string} [action.keys]
     * @param {string} [action.group]
     */
    add({ id, label, act, keys = "", group = "" }) {
      const place = groups.get(group) ?? make("div", { role: "group", "data-group": group });
      if (!groups.has(group)) {
        groups.set(group, place);
        list.append(place);
      }
      const item = make(
        "button",
        { type: "button", role: "menuitem", tabindex: "-1", "data-action": id },
        make("span", {}, label),
        keys ? make("kbd", {}, keys) : null,
      );
      item.addEventListener("click", () => {
        open(false);
        act();
      });
      place.append(item);
      return item;
    },
    // A word at the button, for a moment or (`stay`) until the next one.
    /**
     * @param {string} text
     * @param {{ stay?: boolean }} how
     */
    tell(text, { stay = false } = {}) {
      clearTimeout(timer);
      setText(said, text);
      if (!stay) timer = setTimeout(() => setText(said, ""), SAID);
    },
    stop() {
      clearTimeout(timer);
      document.removeEventListener("pointerdown", outside);
    },
  };
}
