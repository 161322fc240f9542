// Choices: one of few (segments), one of many (a list), any of several (checks), yes or no.

import { freshId, make } from "../lib/dom.js";
import { swatch } from "../canvas/markers.js";
import { say } from "../i18n/en.js";

const FEW = 4;
const ROOM = 30; // letters, as segments in one row

/**
 * @param {Control} spec
 * @param {Fields} fields
 */
export function choice({ field, label, options = [], help }, fields) {
  const spot = fields.spot();
  const letters = options.reduce((sum, o) => sum + o.label.length + 2, 0);
  if (options.length > FEW || letters > ROOM) {
    const items = options.map((o) => make("option", { value: o.value }, o.label));
    const select = make("select", { "aria-label": label, "data-field": field }, ...items);
    /** @param {string} text */
    const valueOf = (text) => options.find((o) => String(o.value) === text)?.value;
    select.addEventListener("change", () => fields.set(field, valueOf(select.value)));
    fields.add(field, [select], { write: (value) => (select.value = value), spot });
    return make(
      "label",
      { class: "control list" },
      make("span", { title: help }, label),
      select,
      spot,
    );
  }
  const name = freshId("choice");
  const radios = options.map((o) => {
    const radio = make("input", { type: "radio", name, value: o.value, "data-field": field });
    radio.addEventListener("change", () => fields.set(field, o.value));
    return radio;
  });
  /** @param {unknown} value */
  const write = (value) => radios.forEach((r, i) => (r.checked = options[i].value === value));
  fields.add(field, radios, { write, spot });
  const parts = radios.map((r, i) =>
    make("label", { class: "segment" }, r, make("span", {}, options[i].label)),
  );
  const row = make("div", { class: "segments", role: "radiogroup", "aria-label": label }, ...parts);
  return make(
    "div",
    { class: "control choice" },
    make("span", { class: "head", title: help }, label),
    row,
    spot,
  );
}

/**
 * @param {Control} spec
 * @param {Fields} fields
 * @param {LessonData} lesson
 */
export function checks({ field, label, options = [] }, fields, lesson) {
  const spot = fields.spot();
  const boxes = options.map((o) =>
    make("input", { type: "checkbox", value: o.value, "data-field": field }),
  );
  const checked = () => options.filter((_, i) => boxes[i].checked).map((o) => o.value);
  boxes.forEach((box) => box.addEventListener("change", () => fields.set(field, checked())));
  /** @param {unknown[] | undefined} value */
  const write = (value) =>
    boxes.forEach((b, i) => (b.checked = (value ?? []).includes(options[i].value)));
  fields.add(field, boxes, { write, spot });
  const rows = options.map((o, i) => {
    const style = o.style ?? o.value;
    return make(
      "label",
      { class: "check" },
      boxes[i],
      swatch(style, lesson.styles[style]),
      make("span", {}, o.label),
    );
  });
  // A long list keeps its first few in sight and folds the others away.
  const folded = rows.length > FEW ? rows.splice(FEW - 1) : [];
  const more = folded.length
    ? make(
        "details",
        { class: "more" },
        make("summary", {}, say("more", { count: folded.length })),
        ...folded,
      )
    : null;
  return make(
    "fieldset",
    { class: "control checks" },
    make("legend", {}, label),
    ...rows,
    more,
    spot,
  );
}

/**
 * @param {Control} spec
 * @param {Fields} fields
 */
export function toggle({ field, label, help }, fields) {
  const spot = fields.spot();
  const box = make("input", { type: "checkbox", role: "switch", "data-field": field });
  box.addEventListener("change", () => fields.set(field, box.checked));
  fields.add(field, [box], { write: (value) => (box.checked = Boolean(value)), spot });
  return make("label", { class: "control check", title: help }, box, make("span", {}, label), spot);
}
