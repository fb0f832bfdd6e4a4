import assert from "node:assert/strict";
import test from "node:test";

import {
  emissions,
  forward,
  posteriors,
} from "../../../riis_physical/page/static/qr/prior/chain.js";
import { DataBits } from "../../../riis_physical/page/static/qr/prior/databits.js";
import { moduleMeans, readRevealed } from "../../../riis_physical/page/static/qr/soft/decode.js";
import {
  MESSAGE_BITS,
  bitGains,
  logSum2,
} from "../../../riis_physical/page/static/qr/soft/evidence.js";
import { MessageList } from "../../../riis_physical/page/static/qr/soft/list.js";
import { OrderedBlock } from "../../../riis_physical/page/static/qr/soft/ordered.js";
import { messageLog2 } from "../../../riis_physical/page/static/qr/prior/message.js";
import { build } from "../../../riis_physical/page/static/qr/code/payload.js";
import { encodeBlock } from "../../../riis_physical/page/static/qr/code/reed_solomon.js";
import {
  finderScore,
  logLikelihoods,
  presenceScore,
} from "../../../riis_physical/page/static/qr/soft/values.js";
import { judged } from "../../../riis_physical/page/static/qr/soft/verdict.js";
import { localWeights } from "../../../riis_physical/page/static/qr/soft/weights.js";
import { CodeBits } from "../../../riis_physical/page/static/qr/soft/codebits.js";
import { Words } from "../../../riis_physical/page/static/qr/soft/words.js";
import { arrays, difference, useModels } from "./arrays.mjs";

await useModels();

const bytesOf = (texts) => texts.map((text) => new TextEncoder().encode(text));

test("soft values are calibrated and scored as in Python", () => {
  const one = arrays("soft");
  const grid = Float32Array.from(one.grid);
  assert.ok(difference(logLikelihoods(grid, one.version), one.odds) < 1e-4);
  assert.ok(Math.abs(presenceScore(grid, one.version) - one.presence) < 1e-6);
  const size = Math.sqrt(grid.length);
  assert.ok(Math.abs(finderScore(grid, size) - one.finder) < 1e-6);
  assert.ok(difference(moduleMeans(Float32Array.from(one.picture), size), one.means) < 1e-5);
});

test("the same texts are read, with the same evidence, and nothing is invented", () => {
  const { list, cases } = arrays("readings");
  const among = new MessageList(list);
  let read = 0;
  for (const one of cases) {
    const known = { prefixes: bytesOf(one.prefixes), among: one.among ? among : null };
    const found = readRevealed(Float32Array.from(one.grid), null, one.version, known);
    assert.equal(found && new TextDecoder().decode(found.payload), one.read && one.read.text);
    if (!found) continue;
    read++;
    assert.ok(found.bits >= MESSAGE_BITS && Math.abs(found.bits - one.read.bits) < 0.1);
    assert.equal(found.by, one.read.by);
    assert.ok(Math.abs(found.confidence - one.read.confidence) < 1e-3);
  }
  assert.ok(read > 35, `only ${read} texts were read`);
});

test("the same words are tried one after the other, whatever comes of them", () => {
  const methods = new Set();
  for (const one of arrays("attempts")) {
    const bits = new CodeBits(Float32Array.from(one.odds), one.version, one.level);
    const words = new Words(bits, bytesOf(one.prefixes));
    const tried = [...words.attempts(false)].map(([how, data]) => [how, [...data]]);
    assert.deepEqual(tried, one.tried);
    for (const [how] of tried) methods.add(how);
  }
  assert.ok(methods.has("prior"), `only ${[...methods]}`);
});

test("ordered statistics find the codeword among noise", () => {
  const data = Uint8Array.from([32, 65, 205, 69, 41, 220, 46, 128, 236]);
  const word = encodeBlock(data, 17);
  let seed = 7;
  const next = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const soft = Float32Array.from({ length: 8 * word.length }, (_, bit) => {
    const sign = (word[bit >> 3] >> (7 - (bit & 7))) & 1 ? 1 : -1;
    return sign + 0.75 * Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
  });
  assert.deepEqual(new OrderedBlock(soft, data.length, 17).words(3, 1)[0], word);
});

test("data bits tell way and length of a message, and soften what is unclear", () => {
  const words = new TextEncoder().encode("https://example.org/9");
  const bits = build(words, 3, "H");
  const odds = Float64Array.from({ length: 8 * bits.length }, (_, i) => {
    const isUnclear = i >= 100 && i < 108;
    return isUnclear ? 0 : (bits[i >> 3] >> (7 - (i & 7))) & 1 ? 6 : -6;
  });
  const { ones, zeros } = bitGains([...odds]);
  const data = new DataBits(ones, zeros, 3, "H", []);
  const [best] = data.ranked(3);
  assert.equal(best.count, words.length);
  const soft = data.softText(best);
  for (let i = 12; i < 8 * words.length; i++) {
    const wanted = (bits[i >> 3] >> (7 - (i & 7))) & 1;
    if (i < 100 || i >= 108) assert.equal(soft.odds[i] > 0, Boolean(wanted), `bit ${i}`);
  }
});

test("chances of units sum to one and follow the letters", () => {
  const letters = { chances: [], size: 2, unit: 1, bits: [1] };
  letters.chances = [
    [0.9, 0.1],
    [0.1, 0.9],
    [0.5, 0.5],
  ].map((row) => Float64Array.from(row));
  const units = [0, 1, 2].map((bit) => emissions(letters, [0.5, 0, 0], [-0.5, 0, 0], bit, 1));
  const seen = forward(letters, Float64Array.from([0, 0, 1]), units);
  const found = posteriors(letters, seen, units);
  for (const one of found) assert.ok(Math.abs(one[0] + one[1] - 1) < 1e-12);
  assert.ok(found[0][1] > found[1][1] && found[1][1] > found[2][1] && found[2][1] > 0.5);
});

test("evidence: a fair coin tells nothing in the mean, and chances add up", () => {
  const { ones, zeros } = bitGains([0, 3, -2, 40]);
  assert.equal(ones[0], 0);
  ones.forEach((one, i) => assert.ok(Math.abs((2 ** one + 2 ** zeros[i]) / 2 - 1) < 1e-12));
  assert.ok(Math.abs(logSum2([3, 3]) - 4) < 1e-12);
  const text = (words) => messageLog2(new TextEncoder().encode(words), 3, "H", []);
  assert.ok(text("https://example.org") > text("hq7s:\u0001xZ&amp~e.o}g"));
  const bits = new CodeBits(new Float32Array(29 * 29).fill(1), 3, "H");
  assert.equal(bits.layout.length, 2);
  assert.equal(judged(new TextEncoder().encode("not it"), bits, []), null);
  const weights = localWeights(bits, bits.grid, [null, null]);
  assert.ok(weights.length === bits.odds.length && Math.max(...weights) > Math.min(...weights));
});
