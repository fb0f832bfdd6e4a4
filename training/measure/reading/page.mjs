// The page's reader in Node: pictures on standard input, JSON lines on standard output. The first says
// how many threads compute, and then there is one for each picture, which is three numbers (32-bit,
// little-endian), how often to look at most until it reads, its width and its height, and RGBA bytes.
// Arguments: folder of the page, "photo" or "live", threads wanted.

import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [site, mode, threads] = process.argv.slice(2);
const ort = await import(pathToFileURL(path.resolve(site, "runtime", "ort.wasm.min.mjs")).href);
const { inflated } = await import(pathToFileURL(path.resolve(site, "engine.js")).href);
const { openReader, messageOf } = await import(pathToFileURL(path.resolve(site, "reader.js")).href);

// With threads the runtime fetches its loader and imports it as a blob, of which Node can neither:
// the file itself is imported.
globalThis.fetch = async (url) => ({ blob: async () => url });
URL.createObjectURL = (url) => url;

const packed = fs.readFileSync(path.join(site, "runtime", "ort-wasm-simd-threaded.wasm.gz"));
ort.env.wasm.wasmBinary = (await inflated(new Uint8Array(packed), "gzip")).buffer;
ort.env.wasm.numThreads = Number(threads);
const loader = path.resolve(site, "runtime", "ort-wasm-simd-threaded.mjs");
ort.env.wasm.wasmPaths = { mjs: pathToFileURL(loader).href };
const get = async (name) => new Uint8Array(fs.readFileSync(path.join(site, "models", name)));
const reader = await openReader({ ort, get });
const live = reader.live();
process.stdout.write(`${JSON.stringify({ threads: reader.threads })}\n`);

function readExactly(count) {
  const buffer = Buffer.alloc(count);
  for (let at = 0; at < count;) {
    let got = 0;
    try {
      got = fs.readSync(0, buffer, at, count - at, null);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      continue;
    }
    if (!got) return null;
    at += got;
  }
  return buffer;
}

for (let head = readExactly(12); head; head = readExactly(12)) {
  const [looks, width, height] = [0, 4, 8].map((at) => head.readUInt32LE(at));
  const data = new Uint8Array(readExactly(4 * width * height));
  const [ms, cpuMs] = [[], []];
  let message = null;
  let state = null;
  for (let look = 0; look < looks && !message; look++) {
    const began = performance.now();
    const used = process.cpuUsage();
    if (mode === "live") {
      const answer = await live.look({ data, width, height });
      state = answer.state;
      message = answer.reading && messageOf(answer.reading, answer.corners);
    } else message = await reader.read({ data, width, height });
    const { user, system } = process.cpuUsage(used);
    ms.push(performance.now() - began);
    cpuMs.push((user + system) / 1000);
  }
  live.restart();
  const told = {
    text: message?.text ?? null,
    corners: message?.corners ?? null,
    bits: message?.evidenceBits ?? null,
    state,
    ms,
    cpuMs,
  };
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
