/** What the tests stand in for a browser with: matrices, and a canvas that knows colors. */

/** The part of DOMMatrix that a context of SVG uses: two dimensions. */
export class Matrix {
  /** @param {number[]} six */
  constructor(six = [1, 0, 0, 1, 0, 0]) {
    [this.a, this.b, this.c, this.d, this.e, this.f] = six;
  }

  /** @param {Matrix} other */
  multiply({ a, b, c, d, e, f }) {
    return new Matrix([
      this.a * a + this.c * b,
      this.b * a + this.d * b,
      this.a * c + this.c * d,
      this.b * c + this.d * d,
      this.a * e + this.c * f + this.e,
      this.b * e + this.d * f + this.f,
    ]);
  }

  translate(x, y) {
    return this.multiply(new Matrix([1, 0, 0, 1, x, y]));
  }

  scale(x, y = x) {
    return this.multiply(new Matrix([x, 0, 0, y, 0, 0]));
  }

  get isIdentity() {
    const { a, b, c, d, e, f } = this;
    return [a - 1, b, c, d - 1, e, f].every((v) => v === 0);
  }
}

/** A canvas whose one pixel has the color (#rrggbb, or #rrggbbaa) that it was last filled with. */
const canvas = () => ({
  getContext: () => ({
    fillStyle: "",
    font: "",
    clearRect() {},
    fillRect() {},
    getImageData() {
      const plain = this.fillStyle.slice(1);
      const long = plain.length === 3 ? plain.replace(/./g, "$&$&") : plain;
      const code = long.padEnd(8, "f");
      return { data: [0, 2, 4, 6].map((i) => parseInt(code.slice(i, i + 2), 16)) };
    },
    measureText: (text) => ({ width: 7 * text.length }),
  }),
});

/** Let modules that need a browser's globals find these. */
export function inBrowser() {
  Object.assign(globalThis, { DOMMatrix: Matrix, document: { createElement: canvas } });
}

/** As much of an element as the controls use. */
export class Element extends EventTarget {
  value = "";
  textContent = "";
  dataset = {};
  style = { setProperty() {} };
  classList = { add() {}, remove() {} };
  children = [];
  attributes = new Map();
  setAttribute = (name, value) => void this.attributes.set(name, value);
  getAttribute = (name) => this.attributes.get(name) ?? null;
  hasAttribute = (name) => this.attributes.has(name);
  removeAttribute = (name) => void this.attributes.delete(name);
  toggleAttribute() {}
  append = (...parts) => void this.children.push(...parts);
  replaceChildren() {}
  focus() {}
  setPointerCapture() {}
  get firstChild() {
    return null;
  }
  get content() {
    return { firstChild: null };
  }
}

/** A document that makes such elements, and what it built. */
export function fakeDocument() {
  const built = [];
  const createElement = (tag) => built[built.push(Object.assign(new Element(), { tag })) - 1];
  const page = Object.assign(new EventTarget(), { createElement, activeElement: null });
  Object.assign(globalThis, { document: page, Text: class {} });
  return { page, built };
}

/** An event with what it says. @param {string} type @param {object} said */
export function eventOf(type, said) {
  const event = new Event(type, { cancelable: true });
  for (const [name, value] of Object.entries(said)) {
    Object.defineProperty(event, name, { value });
  }
  return event;
}
