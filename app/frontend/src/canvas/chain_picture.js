// A chain of two states, drawn as the model at the point shown (see model_picture.js).

// Where the two states of a chain are, and what is drawn of them, in a plane's units.
const APART = 0.37; // from the middle to a state
const MIDDLE = 0.5;
const SMALLEST = 0.04;
const LARGEST = 0.17; // of a state that has all the time, more than the smallest
const LOOP = 0.09;
const WIDEST = 0.07; // an arrow of probability 1
const SIDES = 16; // of a bow, which is drawn as a polygon
const NARROW = 150; // px: in less there is room for letters alone
const WHOLE = 2 * (APART + SMALLEST + LARGEST + 1.5 * LOOP + WIDEST / 2); // the width of a chain

/**
 * An arrow along an arc, in the context's color and width.
 *
 * @param {Pen} ctx
 * @param {Drawing["place"]} place
 * @param {number} head its length
 * @param {[Point, Point, Point]} points where it begins, what it bends towards, and its tip
 */
function drawBow(ctx, place, head, [from, over, tip]) {
  // The head points along the end of the arc, from `over` to the tip.
  const far = Math.hypot(over[0] - tip[0], over[1] - tip[1]);
  const [ux, uy] = [(over[0] - tip[0]) / far, (over[1] - tip[1]) / far];
  const base = [tip[0] + ux * head, tip[1] + uy * head];
  ctx.beginPath();
  ctx.moveTo(place.x(from[0]), place.y(from[1]));
  for (let t = 0; t <= 1; t += 1 / SIDES) {
    const [one, two, three] = [(1 - t) ** 2, 2 * t * (1 - t), t ** 2]; // Bernstein's polynomials
    const [x, y] = [0, 1].map((i) => one * from[i] + two * over[i] + three * base[i]);
    ctx.lineTo(place.x(x), place.y(y));
  }
  ctx.stroke();
  ctx.beginPath();
  ctx.moveTo(place.x(tip[0]), place.y(tip[1]));
  for (const turn of [-0.55, 0.55])
    ctx.lineTo(place.x(base[0] - turn * uy * head), place.y(base[1] + turn * ux * head));
  ctx.closePath();
  ctx.fillStyle = ctx.strokeStyle;
  ctx.fill();
}

/**
 * One of the two states: its circle, the loop of staying, and the arrow of leaving.
 *
 * @param {Pen} ctx
 * @param {Drawing["place"]} place
 * @param {{ color: string, paper: string }} colors
 * @param {object} state
 * @param {-1 | 1} state.side on which it is of the middle
 * @param {number} state.middle
 * @param {number} state.chance of leaving
 * @param {number} state.radius
 * @param {number} state.there the other state's radius
 */
function drawState(ctx, place, { color, paper }, { side, middle, chance, radius, there }) {
  const [x, other] = [middle + side * APART, middle - side * APART];
  const up = -side; // one arrow goes over the middle, the other below it
  const wide = (/** @type {number} */ p) => Math.max(0.6, p * WIDEST * place.scale);
  /** @type {(x: number, radius: number) => void} */
  const circle = (at, r) => {
    ctx.beginPath();
    ctx.arc(place.x(at), place.y(MIDDLE), r * place.scale, 0, 2 * Math.PI);
  };
  ctx.strokeStyle = color;
  ctx.lineWidth = wide(1 - chance);
  circle(x + side * (radius + LOOP / 2), LOOP);
  ctx.stroke();
  ctx.lineWidth = wide(chance);
  drawBow(ctx, place, 0.06 + chance * WIDEST, [
    [x - side * radius * 0.7, MIDDLE + up * radius * 0.75],
    [middle, MIDDLE + up * 0.36],
    [other + side * there * 0.7, MIDDLE + up * there * 0.75],
  ]);
  circle(x, radius);
  ctx.fillStyle = paper;
  ctx.fill();
  ctx.fillStyle = color;
  ctx.globalAlpha = 0.35;
  ctx.fill();
  ctx.globalAlpha = 1;
  ctx.lineWidth = 1.5;
  ctx.stroke();
}

/**
 * Two states: circles by the share of the time, arrows and loops by the probabilities.
 *
 * @param {Pen} ctx
 * @param {Trace} trace
 * @param {Drawing} look
 * @param {import("./model_picture.js").Tools} tools
 */
export function drawChain(ctx, trace, look, { note, say }) {
  const { array, palette, place, k, size } = look;
  const [chances, shares] = [array(trace.chances), array(trace.shares)];
  if (!chances || !shares) return;
  const at = 2 * Math.min(Math.round(k), chances.length / 2 - 1);
  const [left, right] = trace.box ?? look.view;
  const middle = (left + right) / 2;
  const colors = { color: palette.color(trace.style), paper: palette.color("paper") };
  const em = Math.round(13 * Math.max(1, size));
  /** @type {(text: string, x: number, y: number) => void} */
  const word = (text, x, y) =>
    note(ctx, text, place.x(x), place.y(y) + em / 3, { ...colors, size: em });
  const name = palette.style(trace.style).label ?? trace.name;
  if (!Number.isFinite(chances[at] + chances[at + 1] + shares[at])) {
    word(say("model-ended", { name }), left + 0.06, MIDDLE);
    return;
  }
  // Beside two others a chain is smaller.
  const fit = Math.min(1, (right - left) / WHOLE);
  const here = {
    ...place,
    /** @param {number} x */
    x: (x) => place.x(middle + fit * (x - middle)),
    /** @param {number} y */
    y: (y) => place.y(MIDDLE + fit * (y - MIDDLE)),
    scale: fit * place.scale,
  };
  const brief = fit < 1 || (right - left) * place.scale < NARROW;
  /** @type {(name: string, value: number) => string} */
  const named = (letter, value) => (brief ? letter : `${letter} ${value.toFixed(2)}`);
  const half = (brief ? 0.3 : 1.7) * (em / place.scale); // of such a word's width
  if (!brief) word(name, left + 0.05, 0.9);
  const [first, second] = [0, 1].map((i) => SMALLEST + LARGEST * Math.sqrt(shares[at + i]));
  for (const i of [0, 1]) {
    const side = i ? 1 : -1;
    const [chance, radius] = [chances[at + i], i ? second : first];
    drawState(ctx, here, colors, { side, middle, chance, radius, there: i ? first : second });
    word(named("pq"[i], chance), middle - half + (brief || i ? 0 : 0.4), MIDDLE - side * 0.4);
    if (brief) continue;
    const x = middle + side * APART;
    word(named(`d${"₁₂"[i]}`, shares[at + i]), x - half + side * 0.16, 0.1);
    word(`+${i + 1}`, x + side * (radius + LOOP) - half / 3, 0.25);
  }
}
