// The few lines of DOM that everything else is built of. Text and attributes are written only when
// they change: a write that changes nothing still costs a layout while a handle is dragged.

let nextId = 0;

/** @param {string} stem */
export const freshId = (stem) => `natgrad-${stem}-${++nextId}`;

/**
 * An element; attributes that begin with "on" are listeners, `true` is an empty attribute.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} attributes
 * @param {(Node | string | null | undefined | false)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false)
      element.setAttribute(name, value === true ? "" : value);
  }
  element.append(.../** @type {(Node | string)[]} */ (children.filter(Boolean)));
  return element;
}

/**
 * A small drawing in SVG.
 *
 * @param {string} markup
 */
export function drawing(markup, box = "0 0 16 16", name = "icon") {
  const holder = document.createElement("template");
  holder.innerHTML = `<svg class="${name}" viewBox="${box}" aria-hidden="true">${markup}</svg>`;
  return /** @type {SVGElement} */ (holder.content.firstChild);
}

/**
 * The pen of a canvas.
 *
 * @param {HTMLCanvasElement | OffscreenCanvas} canvas
 * @param {CanvasRenderingContext2DSettings} [settings]
 */
export const contextOf = (canvas, settings) =>
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", settings));

/**
 * Whether a key belongs to an input method that is composing a text: it accepts what is composed.
 * 229 is what browsers say that end the composition before they tell of the key.
 *
 * @param {KeyboardEvent} event
 */
export const composing = (event) => event.isComposing || event.keyCode === 229;

/**
 * What an event happened to.
 *
 * @param {Event} event
 */
export const targetOf = (event) => /** @type {HTMLElement} */ (event.target);

/**
 * What is to be hidden or disabled hands the focus that it holds to the control after it, or else to
 * the last one, so that the keyboard goes on from there.
 *
 * @param {Element} from
 */
export function passFocus(from) {
  if (!from.contains(document.activeElement)) return;
  const all = document.querySelectorAll("button:enabled, input:enabled, a, [tabindex='0']");
  const others = [...all].filter((each) => each.checkVisibility() && !from.contains(each));
  const next = others.find((each) => from.compareDocumentPosition(each) === 4) ?? others.at(-1);
  /** @type {HTMLElement | undefined} */ (next)?.focus();
}

/**
 * @param {HTMLButtonElement} button
 * @param {boolean} wanted
 */
export function disable(button, wanted) {
  if (wanted) passFocus(button);
  button.disabled = wanted;
}

/**
 * @param {Node} element
 * @param {string} text
 */
export function setText(element, text) {
  const first = element.firstChild;
  if (first instanceof Text && !first.nextSibling) {
    if (first.data !== text) first.data = text;
  } else element.textContent = text;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string | number | boolean | null} value `null` takes it away
 */
export function setAttribute(element, name, value) {
  if (value === null) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
  } else if (element.getAttribute(name) !== String(value))
    element.setAttribute(name, String(value));
}

/**
 * What is wider than its room takes the focus, so that the arrow keys scroll it.
 *
 * @param {Element} row
 */
export const keyed = (row) =>
  setAttribute(row, "tabindex", row.scrollWidth > row.clientWidth ? "0" : null);
