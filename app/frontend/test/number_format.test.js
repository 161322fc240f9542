import assert from "node:assert/strict";
import { test } from "node:test";
import { decimal, parse, power, round, show, typed } from "../src/lib/number_format.js";

test("a number has three significant digits and a true minus sign", () => {
  assert.equal(show(0), "0");
  assert.equal(show(-0.123456), "−0.123");
  assert.equal(show(1.5), "1.5");
  assert.equal(show(1234.5678), "1235");
  assert.equal(show(12.3456, 4), "12.35");
});

test("very large and very small numbers are powers of ten", () => {
  assert.equal(show(123456), "1.23×10⁵");
  assert.equal(show(-0.00012345), "−1.23×10⁻⁴");
  assert.equal(show(Infinity), "∞");
  assert.equal(show(-Infinity), "−∞");
  assert.equal(power(-16), "10⁻¹⁶");
});

test("a number is written as its neighbor is when it rounds to it", () => {
  for (const edge of [1e5, 1e-3]) {
    const [below, above] = [show(edge * (1 - 1e-9)), show(edge * (1 + 1e-9))];
    assert.equal(below, above);
    assert.equal(show(-edge * (1 - 1e-9)), `−${below}`);
  }
  assert.equal(show(99999.6), show(100000));
  assert.equal(show(99999.4), "99999");
  assert.equal(show(999.6), "1000");
});

test("what is not a number is a dash or itself", () => {
  for (const nothing of [null, undefined, NaN]) assert.equal(show(nothing), "–");
  assert.equal(show("adam"), "adam");
  assert.equal(show(true), "true");
});

test("what is typed has at most seven characters, whatever the number", () => {
  for (let exponent = -320; exponent <= 308; exponent++) {
    for (const digits of [1, 1.5, 9.99999, 1.2345678901]) {
      for (const sign of [1, -1]) {
        const value = sign * digits * 10 ** exponent;
        if (!Number.isFinite(value)) continue;
        const text = typed(value);
        assert.ok(text.length <= 7, `${digits}e${exponent}: ${text}`);
      }
    }
  }
  assert.equal(typed(12345678901), "1.23e10");
});

test("what is typed keeps as many digits as there is room for", () => {
  assert.equal(typed(0.5), "0.5");
  assert.equal(typed(0.1 + 0.2), "0.3");
  assert.equal(typed(-1.25), "-1.25");
  assert.equal(typed(0.00012345), "1.23e-4");
  assert.equal(typed(0.0012345), "0.00123");
  assert.equal(typed(1234567), "1234567");
  assert.equal(typed(undefined), "");
  assert.equal(typed("x"), "x");
});

test("what is typed is read back as nearly the same number", () => {
  for (let exponent = -12; exponent <= 15; exponent++) {
    const value = 1.2345678 * 10 ** exponent;
    assert.ok(Math.abs(parse(typed(value)) / value - 1) < 0.05, String(value));
  }
});

test("numbers are read with either minus, either decimal mark, and as fractions", () => {
  assert.equal(parse(" −0,5 "), -0.5);
  assert.equal(parse("1/4"), 0.25);
  assert.equal(parse("1e-3"), 0.001);
  for (const wrong of ["", " ", "x", "1/2/3", "1/0", "1/", "∞"]) {
    assert.ok(Number.isNaN(parse(wrong)), wrong);
  }
});

test("full-width digits and every dash are read", () => {
  for (const text of ["１．５", "1。5", "１，５", "３／２"]) assert.equal(parse(text), 1.5, text);
  for (const dash of "-−–—‒―‐‑－﹣﹘⁻ー") assert.equal(parse(`${dash}0.5`), -0.5, dash);
  assert.equal(parse("1e–3"), 0.001);
  assert.equal(parse("\u00a02\u3000"), 2);
  for (const wrong of ["１２つ", "1,5,2", "--1", "一"])
    assert.ok(Number.isNaN(parse(wrong)), wrong);
});

test("rounding to a grain leaves no tail of a float", () => {
  assert.equal(round(0.1 + 0.2, 0.01), 0.3);
  assert.equal(round(1.23456, 0.001), 1.235);
  assert.equal(round(1234.5, 10), 1235);
});

test("a number that is shown can be copied into a box, and a raised digit is no digit", () => {
  for (const value of [2.86e-5, -1e-4, 1e-12, 1.74e7, -2e5, 3e300, 0.25, 1234])
    assert.equal(parse(show(value)), value, show(value));
  assert.equal(parse("10⁻⁴"), 1e-4);
  assert.equal(parse("−3 · 10^2"), -300);
  for (const wrong of ["5²", "x²", "10⁻", "2×10", "10^", "1×2"])
    assert.ok(Number.isNaN(parse(wrong)), wrong);
});

test("what a screen reader hears has no exponent", () => {
  assert.equal(decimal(-0.1449), "-0.1449");
  assert.equal(decimal(1.5e-9), "0.0000000015");
  assert.equal(decimal(1e-20), "0");
  assert.equal(decimal(120), "120");
});
