// The page: camera and photos in, messages out. All that reads is in the worker.

import { Camera } from "./camera.js";

/** @typedef {import("./worker.js").Tell} Tell */
/** @typedef {import("./reader.js").Message} Message */

/** @param {string} id @returns {any} */
const $ = (id) => document.getElementById(id);

const HINTS = {
  nothing: "Point the camera at the picture, with all its edges in view.",
  picture: "There is a picture: hold still, or come closer.",
  container: "Found: hold still …",
  read: "Read.",
};
const LINK = /^https?:\/\/\S+$/i;
const GAP_MS = 30;
const RESTART_MS = 5000;

const camera = new Camera($("video"));
const worker = new Worker("worker.js", { type: "module" });
let ready = false;
let busy = false;
let paused = false;
let lastFrame = 0;
/** @type {Blob | null} */
let waiting = null;

/** @param {import("./worker.js").Ask} ask @param {Transferable[]} [moved] */
const ask = (ask, moved = []) => worker.postMessage(ask, moved);

/** Say one line; the same line is not said twice. @param {string} text */
function hint(text) {
  if ($("hint").textContent !== text) $("hint").textContent = text;
}

/** @param {string} state */
const become = (state) => (document.body.dataset.state = state);

// The outline

function placeOutline() {
  // The video keeps its shape within its box: the outline lies over what is seen of it.
  const video = $("video");
  const box = video.getBoundingClientRect();
  const view = $("view").getBoundingClientRect();
  if (!video.videoWidth) return;
  const scale = Math.min(box.width / video.videoWidth, box.height / video.videoHeight);
  const [width, height] = [video.videoWidth * scale, video.videoHeight * scale];
  Object.assign($("outline").style, {
    width: `${width}px`,
    height: `${height}px`,
    left: `${box.left - view.left + (box.width - width) / 2}px`,
    top: `${box.top - view.top + (box.height - height) / 2}px`,
  });
}

/** @param {number[][] | null} corners @param {number[]} size */
function drawOutline(corners, [width, height]) {
  placeOutline();
  $("outline").setAttribute("viewBox", `-0.5 -0.5 ${width} ${height}`);
  const points = (corners ?? []).map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  $("outline").firstElementChild.setAttribute("points", points);
}

// Messages

/** @param {Message} message */
function showMessage(message) {
  const text = message.text ?? `base64:${btoa(String.fromCharCode(...message.bytes))}`;
  paused = true;
  become("read");
  hint(HINTS.read);
  $("text").textContent = text;
  $("said").textContent = "";
  const isLink = message.text !== null && LINK.test(text) && URL.canParse(text);
  $("open").hidden = $("link").hidden = !isLink;
  if (isLink) {
    $("open").href = text;
    $("link-host").textContent = new URL(text).host;
  } else $("open").removeAttribute("href");
  $("message").hidden = false;
  $("message").focus({ preventScroll: false });
  navigator.vibrate?.(200);
}

function again() {
  paused = false;
  $("message").hidden = true;
  drawOutline(null, [1, 1]);
  become("nothing");
  hint(camera.isOn ? HINTS.nothing : "Read a photo.");
  ask({ kind: "restart" });
  ($("start").hidden ? $("file") : $("start")).focus();
}

async function copy() {
  try {
    await navigator.clipboard.writeText($("text").textContent);
    $("said").textContent = "Copied.";
  } catch {
    getSelection()?.selectAllChildren($("text"));
    $("said").textContent = "Selected: copy it with the browser.";
  }
}

// Photos

/** @param {Blob | null | undefined} file */
async function readPhoto(file) {
  if (!file) return;
  if (!ready || busy) {
    waiting = file;
    hint(ready ? "Reading the photo …" : "Loading, then the photo is read …");
    return;
  }
  hint("Reading the photo …");
  try {
    const bitmap = await createImageBitmap(file);
    busy = true;
    ask({ kind: "photo", bitmap }, [bitmap]);
  } catch {
    hint("This file is no picture that the browser can open.");
  }
}

function listenForPhotos() {
  $("file").addEventListener("change", () => {
    readPhoto($("file").files[0]);
    $("file").value = "";
  });
  document.addEventListener("paste", (event) => {
    const item = [...(event.clipboardData?.items ?? [])].find((one) =>
      one.type.startsWith("image/"),
    );
    if (item) readPhoto(item.getAsFile());
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", () => document.body.classList.remove("dropping"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    readPhoto(event.dataTransfer?.files[0]);
  });
}

// The camera

async function startCamera() {
  $("start").hidden = true;
  try {
    await camera.start();
  } catch (error) {
    $("view").classList.add("off");
    $("start").hidden = false;
    hint(error instanceof Error ? error.message : String(error));
    return;
  }
  $("view").classList.remove("off");
  const { torch, zoom } = camera.abilities;
  $("torch").hidden = !torch;
  $("zoom-label").hidden = !zoom;
  if (zoom)
    Object.assign($("zoom"), {
      min: zoom.min,
      max: zoom.max,
      step: zoom.step ?? 0.1,
      value: zoom.min,
    });
  if (ready && !paused) hint(HINTS.nothing);
}

async function toggleTorch() {
  const on = $("torch").getAttribute("aria-pressed") !== "true";
  await camera.set({ torch: on });
  $("torch").setAttribute("aria-pressed", String(on));
}

async function frame() {
  if (ready && !busy && !paused && camera.isOn && !document.hidden) {
    busy = true;
    if (performance.now() - lastFrame > RESTART_MS) ask({ kind: "restart" });
    lastFrame = performance.now();
    const bitmap = await createImageBitmap(camera.video);
    ask({ kind: "frame", bitmap }, [bitmap]);
  }
  setTimeout(frame, GAP_MS);
}

// What the worker says

/** @param {Extract<Tell, {kind: "answer"}>} answer */
function onAnswer(answer) {
  busy = false;
  Object.assign(document.body.dataset, { ms: String(Math.round(answer.ms)) });
  if (waiting) {
    const file = waiting;
    waiting = null;
    readPhoto(file);
    return;
  }
  if (answer.of === "frame") {
    if (paused) return;
    drawOutline(answer.corners, answer.size);
    become(answer.state);
    if (!answer.message) hint(HINTS[/** @type {keyof typeof HINTS} */ (answer.state)]);
  } else if (!answer.message) {
    hint(
      "No message was read in this photo. Take it straight on, in good light, with all edges in view.",
    );
  }
  if (answer.message) showMessage(answer.message);
}

worker.addEventListener("message", ({ data }) => {
  /** @type {Tell} */
  const told = data;
  if (told.kind === "progress") $("loading").value = told.done / told.all;
  else if (told.kind === "ready") {
    ready = true;
    become("nothing");
    const cores = told.threads === 1 ? "1 thread" : `${told.threads} threads`;
    $("about").textContent = `Reads ${told.models.join(" and ")} with ${told.engine}, ${cores}.`;
    Object.assign(document.body.dataset, { engine: told.engine, threads: String(told.threads) });
    if (waiting) {
      const file = waiting;
      waiting = null;
      readPhoto(file);
    } else if (camera.isOn) hint(HINTS.nothing);
  } else if (told.kind === "answer") onAnswer(told);
  else {
    busy = false;
    hint(told.reason);
  }
});

/**
 * Offline use, and all cores; the page is loaded once more when both are there for the first time.
 */
async function keepOffline() {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("sw.js");
  await navigator.serviceWorker.ready;
  const once = "isolated once";
  if (!window.crossOriginIsolated && !sessionStorage.getItem(once)) {
    sessionStorage.setItem(once, "1");
    location.reload();
    await new Promise(() => {}); // models are loaded after that, not twice
  }
}

/** What is known of messages, as the address says: ?prefix=https://example.org/ */
function knownFromAddress() {
  return { prefixes: new URLSearchParams(location.search).getAll("prefix") };
}

$("copy").addEventListener("click", copy);
$("again").addEventListener("click", again);
$("start").addEventListener("click", startCamera);
$("torch").addEventListener("click", toggleTorch);
$("zoom").addEventListener("input", () => camera.set({ zoom: Number($("zoom").value) }));
window.addEventListener("resize", placeOutline);
listenForPhotos();
const threads = Math.max(1, Math.min(4, navigator.hardwareConcurrency || 1));
keepOffline()
  .catch(() => {}) // private windows keep nothing: the page works without
  .finally(() => ask({ kind: "open", threads, known: knownFromAddress() }));
startCamera();
frame();
