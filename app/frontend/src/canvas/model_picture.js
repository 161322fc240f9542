// The model at the point shown: its data as bars or points, and over them a curve that is computed
// from the few numbers that the step has (natgrad_core/analysis/fitted_curve.py). A live page fetches
// this file for itself, when a picture first has a model; so it imports nothing.

/**
 * What it draws and speaks with.
 *
 * @typedef {object} Tools
 * @property {typeof import("./primitives.js").note} note
 * @property {typeof import("./primitives.js").symbol} symbol
 * @property {typeof import("../i18n/en.js").say} say
 */

const AWAY = 1; // of the plane's height, as far as a curve is followed outside

/** @type {Record<string, (value: number) => number>} */
const RESPONSES = {
  exp: Math.exp,
  logistic: (value) => 1 / (1 + Math.exp(-value)),
  identity: (value) => value,
};

/**
 * The values of a fit at a step, one for each of its x.
 *
 * @param {Trace} trace
 * @param {ArrayOf} array
 * @param {number} k
 * @returns {number[]}
 */
export function valuesOf(trace, array, k) {
  const [x, features, offset] = [trace.x, trace.features, trace.offset].map((name) => array(name));
  const rows = array(trace.coefficients);
  if (!x || !rows) return [];
  const rank = features ? features.length / x.length : x.length;
  const from = rank * Math.min(Math.round(k), rows.length / rank - 1);
  const row = rows.subarray(from, from + rank);
  const respond = RESPONSES[trace.response ?? "identity"];
  return Array.from(x, (_, i) => {
    if (!features) return respond(row[i]);
    let sum = offset?.[i] ?? 0;
    for (let j = 0; j < rank; j++) sum += features[rank * i + j] * row[j];
    return respond(sum);
  });
}

/**
 * Why a fit is not to be seen, or an empty text.
 *
 * @param {Trace} trace
 * @param {number[]} values
 * @param {number[]} heights of the values, from 0 to 1 in the plane
 */
export function unseen(trace, values, heights) {
  if (!values.some(Number.isFinite)) return "model-ended";
  if (!trace.mass) return heights.some((y) => y >= 0 && y <= 1) ? "" : "model-outside";
  // A peak between two points is missed, or counted for more than there is.
  let sum = 0;
  for (const value of values) if (Number.isFinite(value)) sum += value * trace.mass;
  return sum > 0.5 && sum < 1.5 ? "" : "model-outside";
}

// Where the two states of a chain are, and what is drawn of them, in a plane's units.
const APART = 0.37; // from the middle to a state
const MIDDLE = 0.5;
const SMALLEST = 0.04;
const LARGEST = 0.17; // of a state that has all the time, more than the smallest
const LOOP = 0.09;
const WIDEST = 0.07; // an arrow of probability 1
const SIDES = 16; // of a bow, which is drawn as a polygon
const NARROW = 150; // px: in less there is room for letters alone

/**
 * Two states: circles by the share of the time, arrows and loops by the probabilities.
 *
 * @param {Pen} ctx
 * @param {Trace} trace
 * @param {Drawing} look
 * @param {Tools} tools
 */
function drawChain(ctx, trace, look, { note, say }) {
  const { array, palette, place, k, size } = look;
  const [chances, shares] = [array(trace.chances), array(trace.shares)];
  if (!chances || !shares) return;
  const at = 2 * Math.min(Math.round(k), chances.length / 2 - 1);
  const [left, right] = trace.box ?? look.view;
  const middle = (left + right) / 2;
  const [color, paper] = [palette.color(trace.style), palette.color("paper")];
  const em = Math.round(13 * Math.max(1, size));
  /** @type {(text: string, x: number, y: number) => void} */
  const word = (text, x, y) =>
    note(ctx, text, place.x(x), place.y(y) + em / 3, { color, paper, size: em });
  const name = palette.style(trace.style).label ?? trace.name;
  if (!Number.isFinite(chances[at] + chances[at + 1] + shares[at])) {
    word(say("model-ended", { name }), left + 0.06, MIDDLE);
    return;
  }
  const brief = (right - left) * place.scale < NARROW;
  /** @type {(name: string, value: number) => string} */
  const named = (letter, value) => (brief ? letter : `${letter} ${value.toFixed(2)}`);
  const half = (brief ? 0.3 : 1.7) * (em / place.scale); // of such a word's width
  if (!brief) word(name, left + 0.05, 0.9);
  [-1, 1].forEach((side, i) => {
    const [chance, share] = [chances[at + i], shares[at + i]];
    const radius = (/** @type {number} */ d) => SMALLEST + LARGEST * Math.sqrt(d);
    const [r, there] = [radius(share), radius(shares[at + 1 - i])];
    const [x, other] = [middle + side * APART, middle - side * APART];
    const wide = (/** @type {number} */ p) => Math.max(0.6, p * WIDEST * place.scale);
    ctx.strokeStyle = color;
    ctx.lineWidth = wide(1 - chance);
    ctx.beginPath();
    ctx.arc(
      place.x(x + side * (r + LOOP / 2)),
      place.y(MIDDLE),
      LOOP * place.scale,
      0,
      2 * Math.PI,
    );
    ctx.stroke();
    // The arrow of leaving: from this state over the middle, or below it, to the other.
    const up = -side;
    const [fromX, toX] = [x - side * r * 0.7, other + side * there * 0.7];
    const [fromY, toY] = [MIDDLE + up * r * 0.75, MIDDLE + up * there * 0.75];
    const bow = MIDDLE + up * 0.36;
    ctx.lineWidth = wide(chance);
    ctx.beginPath();
    ctx.moveTo(place.x(fromX), place.y(fromY));
    // Its head points along the end of the bow, from its middle to its tip.
    const far = Math.hypot(middle - toX, bow - toY);
    const [ux, uy] = [(middle - toX) / far, (bow - toY) / far];
    const head = 0.06 + chance * WIDEST;
    const [baseX, baseY] = [toX + ux * head, toY + uy * head];
    for (let t = 0; t <= 1; t += 1 / SIDES) {
      const [one, two, three] = [(1 - t) ** 2, 2 * t * (1 - t), t ** 2]; // Bernstein's polynomials
      const x = one * fromX + two * middle + three * baseX;
      ctx.lineTo(place.x(x), place.y(one * fromY + two * bow + three * baseY));
    }
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(place.x(toX), place.y(toY));
    for (const turn of [-0.55, 0.55])
      ctx.lineTo(place.x(baseX - turn * uy * head), place.y(baseY + turn * ux * head));
    ctx.closePath();
    ctx.fillStyle = color;
    ctx.fill();
    ctx.beginPath();
    ctx.arc(place.x(x), place.y(MIDDLE), r * place.scale, 0, 2 * Math.PI);
    ctx.fillStyle = paper;
    ctx.fill();
    ctx.fillStyle = color;
    ctx.globalAlpha = 0.35;
    ctx.fill();
    ctx.globalAlpha = 1;
    ctx.lineWidth = 1.5;
    ctx.stroke();
    word(named("pq"[i], chance), middle - half + (brief || i ? 0 : 0.4), MIDDLE + up * 0.4);
    if (brief) return;
    word(named(`d${"₁₂"[i]}`, share), x - half + side * 0.16, 0.1);
    word(`+${i + 1}`, x + side * (r + LOOP) - half / 3, 0.25);
  });
}

/**
 * @param {Pen} ctx
 * @param {Drawing} look
 * @param {Tools} tools
 */
export function drawModel(ctx, look, tools) {
  const { note, symbol, say } = tools;
  const { traces, array, palette, place, weight, k, size } = look;
  const [width, height] = [look.view[1], look.view[3]];
  const paper = palette.color("paper");
  let line = 0;
  for (const trace of traces) {
    const [a, , , d, e, f] = trace.map ?? [1, 0, 0, 1, 0, 0];
    const points = array(trace.points);
    if (trace.kind === "data" && points) {
      const color = palette.color(trace.style);
      ctx.fillStyle = color;
      for (let i = 0; i < points.length; i += 2) {
        const [x, y] = [a * points[i] + e, d * points[i + 1] + f];
        const half = (a * Number(trace.size ?? 0)) / 2;
        if (!half) {
          symbol(ctx, "circle", place.x(x), place.y(y), 3.2 * weight, { fill: color });
          continue;
        }
        ctx.globalAlpha = 0.28;
        const left = place.x(x - half);
        ctx.fillRect(left, place.y(y), place.x(x + half) - left - 1, place.y(f) - place.y(y));
        ctx.globalAlpha = 1;
      }
    }
    if (trace.kind === "chain") drawChain(ctx, trace, look, tools);
    if (trace.kind !== "fit") continue;
    const values = valuesOf(trace, array, k);
    const heights = values.map((value) => d * value + f);
    const x = array(trace.x) ?? [];
    const color = palette.color(trace.style);
    const far = (/** @type {number} */ y) => Math.max(-AWAY, Math.min(height + AWAY, y));
    ctx.beginPath();
    let down = false;
    heights.forEach((y, i) => {
      const at = /** @type {const} */ ([place.x(a * x[i] + e), place.y(far(y))]);
      if (Number.isNaN(y)) down = false;
      else if (down) ctx.lineTo(...at);
      else ctx.moveTo(...at);
      down = !Number.isNaN(y);
    });
    ctx.lineWidth = (trace.width ?? 2.2) * weight;
    ctx.strokeStyle = color;
    ctx.setLineDash(trace.dash === "dashed" ? [7 * weight, 5 * weight] : []);
    ctx.stroke();
    ctx.setLineDash([]);
    if (trace.symbol) {
      heights.forEach((y, i) => {
        if (!(y <= height)) return;
        symbol(
          ctx,
          palette.style(trace.style).symbol ?? trace.symbol,
          place.x(a * x[i] + e),
          place.y(y),
          4.2 * weight,
          {
            fill: color,
            stroke: paper,
            width: 1.5,
          },
        );
      });
    }
    const why = unseen(trace, values, heights);
    if (!why || !trace.name) continue;
    ctx.textAlign = "right";
    const em = Math.round(13 * Math.max(1, size));
    const text = say(why, { name: palette.style(trace.style).label ?? trace.name });
    note(ctx, text, place.x(width) - 6, em * 1.3 * ++line, { color, paper, size: em });
    ctx.textAlign = "left";
  }
}
