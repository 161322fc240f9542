// The lecturer's desk: the steps of a talk, put in order, reworded, added to and removed; kept
// as a link or as a file. Nothing is programmed and nothing is stored elsewhere.

import { makeDialog } from "../controls/dialog.js";
import { make } from "../lib/dom.js";
import { knownSteps } from "./talk_codec.js";
import { say } from "../i18n/en.js";

const FILE = "steps.json";

/**
 * @typedef {import("./talk_codec.js").Step} Step
 *
 * @param {object} page
 * @param {HTMLElement} page.root
 * @param {LessonData} page.lesson
 * @param {Shows} page.shows
 * @param {() => Step[]} page.steps
 * @param {(steps: Step[] | null) => void} page.change
 * @param {() => string} page.seen the state that is shown, as a link has it
 * @param {() => Promise<string>} page.copyLink
 * @param {() => void} page.present
 */
export function makeSteps({ root, lesson, shows, steps, change, seen, copyLink, present }) {
  /** @type {Dialog | null} */
  let dialog = null;
  const list = make("ol", { class: "steps" });

  /** @param {string} place */
  function focusOn(place) {
    const found = list.querySelector(place);
    if (found instanceof HTMLElement) found.focus();
  }

  /**
   * @param {Step[] | null} now
   * @param {string} [focus]
   */
  const put = (now, focus) => {
    change(now);
    draw();
    if (focus) focusOn(focus);
  };

  /**
   * @param {Step} step
   * @param {number} i
   * @param {Step[]} all
   */
  function row(step, i, all) {
    const show = shows.get(step.show ?? "");
    const words = say("step-line", { at: i + 1 });
    const text = make("input", {
      type: "text",
      "aria-label": words,
      placeholder: show?.text ?? "",
    });
    text.value = step.say ?? "";
    text.addEventListener("change", () => {
      const { say: _, ...rest } = step;
      const wanted = text.value.trim();
      const now = [...steps()];
      now[i] = wanted ? { ...rest, say: wanted } : rest;
      change(now);
      step = now[i];
    });
    /**
     * @param {string} sign
     * @param {string} label
     * @param {() => void} act
     * @param {boolean} disabled
     */
    const button = (sign, label, act, disabled) =>
      make(
        "button",
        {
          type: "button",
          "aria-label": say(label, { at: i + 1 }),
          disabled,
          onclick: act,
          "data-act": label,
        },
        sign,
      );
    /** @param {number} way */
    const swap = (way) => () => {
      const now = [...steps()];
      [now[i], now[i + way]] = [now[i + way], now[i]];
      const act = way < 0 ? "step-up" : "step-down";
      const there = `li:nth-child(${i + way + 1})`;
      put(now, `${there} [data-act=${act}]:enabled, ${there} button`);
    };
    const out = () =>
      put(
        steps().filter((_, j) => j !== i),
        `li:nth-child(${Math.max(1, i)}) [data-act=step-out]`,
      );
    return make(
      "li",
      {},
      make("span", { class: "name" }, show ? show.title || show.text : say("own-state")),
      text,
      button("↑", "step-up", swap(-1), i === 0),
      button("↓", "step-down", swap(1), i === all.length - 1),
      button("✕", "step-out", out, all.length < 2),
    );
  }

  const draw = () => list.replaceChildren(...steps().map(row));

  /**
   * @param {File} file
   * @param {Dialog} dialog
   */
  async function read(file, dialog) {
    let found;
    try {
      found = JSON.parse(await file.text());
    } catch {
      return dialog.tell(say("no-steps-file"));
    }
    if (!Array.isArray(found?.steps)) return dialog.tell(say("no-steps-file"));
    if (found.lesson !== lesson.name) {
      return dialog.tell(say("other-lesson", { name: String(found.lesson) }));
    }
    const known = knownSteps(found.steps, shows);
    if (known.steps.length) put(known.steps);
    dialog.tell(
      known.dropped.length ? say("dropped-steps", { what: known.dropped.join(", ") }) : "",
    );
  }

  function save() {
    const plan = { lesson: lesson.name, version: lesson.version, steps: steps() };
    const file = new Blob([JSON.stringify(plan, null, 2) + "\n"], { type: "application/json" });
    /** @type {HTMLAnchorElement} */
    const link = make("a", { href: URL.createObjectURL(file), download: FILE });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href));
  }

  /** @returns {Dialog} */
  function build() {
    /** @param {boolean} wanted */
    const options = (wanted) =>
      [...shows]
        .filter(([, show]) => Boolean(show.preset) === wanted)
        .map(([name, show]) => make("option", { value: name }, show.title || show.text));
    const what = make(
      "select",
      { "aria-label": say("add-step") },
      make("option", { value: "" }, say("what-is-seen")),
      make("optgroup", { label: say("presets") }, ...options(true)),
      make("optgroup", { label: say("sentences") }, ...options(false)),
    );
    /**
     * @param {string} label
     * @param {() => void} act
     */
    const chip = (label, act) =>
      make("button", { type: "button", class: "chip", onclick: act }, say(label));
    const picker = make("input", { type: "file", accept: ".json,application/json", hidden: true });
    picker.addEventListener("change", () => {
      if (picker.files?.[0]) read(picker.files[0], built);
      picker.value = "";
    });
    const add = () => {
      put([...steps(), what.value ? { show: what.value } : { state: seen() }]);
      focusOn("li:last-child input");
    };
    const built = makeDialog(
      root,
      "talk",
      say("steps"),
      make("p", { class: "hint" }, say("steps-hint")),
      list,
      make(
        "div",
        { class: "buttons" },
        what,
        chip("add-step", add),
        chip("own-steps", () => put(null)),
      ),
      make(
        "div",
        { class: "buttons" },
        chip("copy-link", async () => built.tell(await copyLink())),
        chip("save-file", save),
        chip("open-file", () => picker.click()),
        chip("present-steps", () => (built.shut(), present())),
        picker,
      ),
    );
    return built;
  }

  return {
    open() {
      dialog ??= build();
      draw();
      dialog.open();
    },
  };
}
