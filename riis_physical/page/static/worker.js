// Reads apart from the page, so that the camera's picture does not stop.

import { inflated } from "./engine.js";
import { messageOf, openReader } from "./reader.js";

/** @typedef {import("./reader.js").Message} Message */
/**
 * What the page asks.
 * @typedef {{kind: "open", threads: number, known: import("./reader.js").Known}
 *   | {kind: "frame" | "photo", bitmap: ImageBitmap}
 *   | {kind: "restart"}} Ask
 */
/**
 * What it is told.
 * @typedef {{kind: "progress", done: number, all: number}
 *   | {kind: "ready", engine: string, models: string[], threads: number}
 *   | {kind: "answer", of: "frame" | "photo", state: string, ms: number, size: number[],
 *      corners: number[][] | null, message: Message | null}
 *   | {kind: "failed", reason: string}} Tell
 */

const scope = /** @type {any} */ (self);
const LONG_PHOTO_PX = 2560;
const LONG_FRAME_PX = 1280;

/** @type {import("./reader.js").Reader | null} */
let reader = null;
/** @type {import("./read/live.js").Live | null} */
let live = null;
/** @type {import("./reader.js").Known} */
let known = {};

/** @param {Tell} message */
const tell = (message) => scope.postMessage(message);

/** @param {string} name of a file of the page @returns {Promise<Uint8Array>} */
async function fetched(name) {
  const answer = await fetch(new URL(name, scope.location.href));
  if (!answer.ok) throw new Error(`${name}: the server says ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

/** Whether a GPU can be used. */
async function hasGpu() {
  try {
    return Boolean(await scope.navigator.gpu?.requestAdapter());
  } catch {
    return false;
  }
}

/** @param {boolean} gpu @param {number} threads */
async function openWith(gpu, threads) {
  const ort = await import(gpu ? "./runtime/ort.webgpu.min.mjs" : "./runtime/ort.wasm.min.mjs");
  const stem = gpu ? "ort-wasm-simd-threaded.asyncify" : "ort-wasm-simd-threaded";
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = { mjs: new URL(`runtime/${stem}.mjs`, scope.location.href).href };
  ort.env.wasm.wasmBinary = await inflated(await fetched(`runtime/${stem}.wasm.gz`), "gzip");
  return openReader({
    ort,
    get: (name) => fetched(`models/${name}`),
    providers: gpu ? ["webgpu", "wasm"] : ["wasm"],
    progress: (done, all) => tell({ kind: "progress", done, all }),
  });
}

/** @param {number} threads @param {import("./reader.js").Known} given */
async function open(threads, given) {
  known = given;
  const count = scope.crossOriginIsolated ? threads : 1;
  if (await hasGpu()) {
    try {
      reader = await openWith(true, count);
    } catch {
      reader = null; // a GPU that cannot compute this: the processor can
    }
  }
  reader ??= await openWith(false, count);
  live = reader.live(known);
  const { engine, models } = reader;
  tell({ kind: "ready", engine, models, threads: reader.threads });
}

/** @param {ImageBitmap} bitmap @param {number} longPx */
function pixelsOf(bitmap, longPx) {
  const scale = Math.min(1, longPx / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("this browser gives no pictures to workers");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}

/** @param {"frame" | "photo"} kind @param {ImageBitmap} bitmap */
async function look(kind, bitmap) {
  if (!reader || !live) throw new Error("not ready");
  const began = performance.now();
  const photo = pixelsOf(bitmap, kind === "frame" ? LONG_FRAME_PX : LONG_PHOTO_PX);
  const size = [photo.width, photo.height];
  /** @type {Message | null} */
  let message;
  let state = "nothing";
  let corners = null;
  if (kind === "photo") {
    message = await reader.read(photo, known);
    state = message ? "read" : "nothing";
  } else {
    const answer = await live.look(photo);
    ({ state, corners } = answer);
    message = answer.reading && answer.corners && messageOf(answer.reading, answer.corners);
  }
  const ms = performance.now() - began;
  tell({
    kind: "answer",
    of: kind,
    state,
    ms,
    size,
    corners: message?.corners ?? corners,
    message,
  });
}

scope.addEventListener("message", async (/** @type {MessageEvent<Ask>} */ { data }) => {
  try {
    if (data.kind === "open") await open(data.threads, data.known);
    else if (data.kind === "restart") live?.restart();
    else await look(data.kind, data.bitmap);
  } catch (error) {
    tell({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
  }
});
