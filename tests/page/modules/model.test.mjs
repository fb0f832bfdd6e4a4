import assert from "node:assert/strict";
import test from "node:test";

import { messageOf, textOf } from "../../../riis_physical/page/static/reader.js";
import { verified } from "../../../riis_physical/page/static/engine.js";
import { Live, sameMessage } from "../../../riis_physical/page/static/read/live.js";
import { Model, normalised } from "../../../riis_physical/page/static/read/model.js";
import { fixedNoise, twister } from "../../../riis_physical/page/static/read/noise.js";
import { ROUNDS } from "../../../riis_physical/page/static/read/place.js";
import { placesOf } from "../../../riis_physical/page/static/read/search.js";
import { modulesOf } from "../../../riis_physical/page/static/qr/soft/decode.js";
import { gridSize } from "../../../riis_physical/page/static/qr/code/structure.js";
import { arrays, difference, useModels } from "./arrays.mjs";

await useModels();

test("the fixed noise is that of Python", () => {
  const one = arrays("model");
  assert.ok(difference(fixedNoise(16, 3), one.noise) < 1e-6);
  assert.ok(difference(fixedNoise(16, 37).slice(-32), one.largeNoiseEnd) < 1e-6);
  assert.equal(twister(5489)(), 3499211612); // first number of the reference implementation
});

test("conditions are normalised as in Python", () => {
  for (const one of arrays("model").conditions) {
    assert.ok(difference(normalised(one), one.values) < 1e-6);
  }
});

test("a batch is cut into parts and put together again", async () => {
  const sizes = [];
  const reveal = {
    async run({ frames, z }) {
      const [count] = frames.dims;
      sizes.push(count);
      assert.deepEqual(z.dims, [count, 16, 2, 2]);
      const logits = Float32Array.from(
        { length: count * 4 },
        (_, i) => frames.data[(i >> 2) * 768],
      );
      return {
        logits: { data: logits, dims: [] },
        picture: { data: new Float32Array(count * 64), dims: [] },
      };
    },
  };
  const about = { name: "m", modulePx: 8, channels: 16, temperature: 1 };
  const model = new Model({ reveal, estimate: reveal }, about);
  const frames = Array.from({ length: 11 }, (_, i) => new Float32Array(768).fill(i));
  const found = await model.reveal(
    frames,
    16,
    frames.map(() => ({ blur: 0, noise: 0, jpegQuality: 90, scalePx: 8 })),
  );
  assert.deepEqual(sizes, [8, 3]);
  assert.deepEqual(
    found.map((one) => one.logits[3]),
    [...frames.keys()],
  );
});

test("every version and way up is tried once", () => {
  const tried = ROUNDS.flatMap(([turns, versions]) =>
    turns.flatMap((t) => versions.map((v) => `${t} ${v}`)),
  );
  assert.equal(new Set(tried).size, 40);
  assert.equal(tried.length, 40);
});

test("frames of one message add up until it reads; others begin anew", () => {
  const [one, another] = /** @type {any[]} */ ([{ name: "one" }, { name: "another" }]);
  const live = new Live(/** @type {any} */ ({ models: [one, another] }));
  const version = 3;
  const payload = new TextEncoder().encode("https://example.org/7");
  const modules = modulesOf(payload, version, "H");
  let seed = 3;
  const next = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const noisy = (dark, sigma) =>
    Float32Array.from(
      { length: gridSize(version) ** 2 },
      (_, at) =>
        (dark[at] ? 1 : -1) +
        sigma * Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next()),
    );
  let reading = null;
  for (let frame = 0; frame < 12 && !reading; frame++) {
    reading = live.added({
      model: one,
      version,
      logits: noisy(modules, 1.5),
      corners: [],
      presence: 0.5,
      reading: null,
    });
  }
  assert.equal(textOf(reading?.payload), "https://example.org/7");
  assert.ok(live.track.count > 1);
  const other = modulesOf(new TextEncoder().encode("something else entirely"), version, "Q");
  assert.equal(
    live.added({
      model: one,
      version,
      logits: noisy(other, 0.4),
      corners: [],
      presence: 0.9,
      reading: null,
    }),
    null,
  );
  assert.equal(live.track.count, 1);
  const clear = { version, logits: noisy(other, 0.4), corners: [], presence: 0.9, reading: null };
  assert.equal(live.added({ model: another, ...clear }), null);
  assert.equal(live.track.count, 1, "what two models see is of two messages");
  assert.ok(sameMessage(noisy(modules, 0.2), noisy(modules, 0.2), version) > 1);
});

test("places are the likeliest outlines, each once, three at most", () => {
  const at = (x, container) => ({
    corners: [
      [x, 0],
      [x + 100, 0],
      [x + 100, 100],
      [x, 100],
    ],
    container,
    picture: 1,
    fill: 1,
  });
  const seen = [at(0, 0.9), at(6, 0.8), at(300, 0.7), at(306, 0.6), at(600, 0.5), at(900, 0.4)];
  assert.deepEqual(
    placesOf(seen).map((one) => one.container),
    [0.9, 0.7, 0.5],
  );
});

test("attempts: each model in turn, the likely codes every other time, others in between", () => {
  const models = /** @type {any[]} */ ([{ name: "new" }, { name: "old" }]);
  const live = new Live(/** @type {any} */ ({ models }));
  const tried = Array.from({ length: 32 }, () => live.attempt());
  assert.ok(tried.every((one, at) => one.model === models[at % 2]));
  assert.deepEqual(
    tried.filter((_, at) => at % 4 === 1).map((one) => [one.round, one.inward]),
    Array(8).fill([0, null]),
  );
  assert.deepEqual(
    tried.filter((_, at) => at % 4 === 3).map((one) => one.inward ?? -one.round),
    [0, -1, 1, -2, 2, -3, -4, -5],
  );
  live.restart();
  assert.equal(live.attempt().model, models[0]);
});

/** Networks that see a picture all over a photo; `peak` is the logit of its sides where they lie. */
function seeing(calls, peak) {
  const cells = (count, value) => ({ data: new Float32Array(count).fill(value), dims: [] });
  const detector = {
    async run({ photos }) {
      calls.push("detector");
      const count = (photos.dims[2] / 16) * (photos.dims[3] / 16);
      return {
        container: cells(count, 3),
        picture: cells(count, 3),
        offsets: cells(8 * count, 0),
      };
    },
  };
  const closeup = {
    async run() {
      calls.push("closeup");
      const sides = cells(4 * 96 * 96, 0);
      [16, 79, 79, 16].forEach((middle, side) =>
        sides.data.fill(peak, 96 * (96 * side + middle - 3), 96 * (96 * side + middle + 4)),
      );
      return { sides, container: cells(96 * 96, 0) };
    },
  };
  const model = {
    async reveal(frames) {
      calls.push("reveal");
      return frames.map(() => ({ logits: new Float32Array(100) }));
    },
  };
  return /** @type {any} */ ({ models: [model], detector, closeup });
}

const WHOLE = [
  [0, 0],
  [127, 0],
  [127, 127],
  [0, 127],
];
const GREY = { data: new Uint8Array(4 * 128 * 128).fill(128), width: 128, height: 128 };

test("a frame seeks or reads, never both; a picture that is gone is sought anew", async () => {
  const calls = [];
  const live = new Live(seeing(calls, 0));
  const first = await live.look(GREY);
  assert.equal(first.state, "picture");
  assert.ok(live.place && live.place.left === 2);
  const second = await live.look(GREY); // sides that lie everywhere are no picture's
  assert.deepEqual(second, { state: "nothing", corners: null, reading: null });
  await live.look(GREY);
  assert.deepEqual(calls, ["detector", "closeup", "detector"]);
});

test("an outline that is not sure is read when all places had a turn, a sure one at once", async () => {
  for (const [peak, wanted] of [
    [1.7, 4],
    [6, 1],
  ]) {
    const calls = [];
    const live = new Live(seeing(calls, peak));
    while (!calls.includes("reveal") && calls.length < 12) await live.look(GREY);
    assert.equal(calls.filter((one) => one === "detector").length, wanted);
    assert.equal(calls[calls.length - 1], "reveal");
  }
});

test("what shows and does not read is tried otherwise every other frame", async () => {
  const live = new Live(seeing([], 6));
  const shown = { attempt: { model: live.eyes.models[0], round: 0, inward: 0 }, presence: 0.6 };
  live.hit = { ...shown, frames: 0 };
  const tried = [];
  live.attempt = () => {
    tried.push(live.hit.frames);
    return { ...shown.attempt, inward: 2 };
  };
  for (let frame = 0; frame < 4; frame++) {
    live.place = { corners: WHOLE, left: 1 };
    live.hit ??= { ...shown, frames: 1 }; // the first frame of each two shows nothing here
    await live.look(GREY);
    assert.equal(live.hit === null, frame % 2 === 0, "another attempt takes nothing away");
  }
  assert.equal(tried.length, 2);
});

test("bytes that are no text have none; files are verified", async () => {
  const reading = {
    payload: Uint8Array.from([255, 254]),
    confidence: 1,
    bits: 50,
    by: "code",
    level: "H",
  };
  assert.equal(messageOf(/** @type {any} */ (reading), []).text, null);
  const get = async () => new TextEncoder().encode("abc");
  const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assert.equal((await verified(get, { file: "a", sha256 })).length, 3);
  await assert.rejects(
    verified(get, { file: "a", sha256: "0".repeat(64) }),
    /is not what this page/,
  );
});
