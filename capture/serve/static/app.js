// Live camera, messages and the rows of a study. No build step, nothing from the network.
const $ = (id) => document.getElementById(id);
const token = new URLSearchParams(location.search).get("token") || "";
const LONG_SIDE = 1280, GAP_MS = 60, FACTORS = ["device", "light", "distance_m", "angle_deg"];
const UNITS = { distance_m: " m", angle_deg: "°" };
const HINTS = {
  nothing: "Point the camera at the picture, with all its edges in view.",
  picture: "There is a picture: hold still, or come closer.",
  container: "Found: hold still …",
  read: "Read.",
};
let client = null, study = null, stopped = false;
const canvas = document.createElement("canvas");

async function ask(path, body) {
  const headers = { "x-token": token, "x-client": client || "" };
  if (body) headers["content-type"] = body.type || "application/octet-stream";
  const response = await fetch(path, { method: "POST", headers, body });
  const answer = await response.json().catch(() => ({}));
  if (response.status === 401) { await greet(); }
  if (!response.ok) throw Object.assign(new Error(answer.detail || `status ${response.status}`), { status: response.status });
  return answer;
}

async function greet() {
  client = null;
  const answer = await ask("/api/hello");
  client = answer.client;
  if (answer.study) showStudy(answer.study);
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function startCamera() {
  if (!navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) {
    throw new Error("This browser gives the camera to secure pages only: start the server with --https, or read a photo below.");
  }
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: false,
    video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } },
  });
  $("video").srcObject = stream;
  await $("video").play();
}

function grab(longSide) {
  const video = $("video");
  const scale = Math.min(1, longSide / Math.max(video.videoWidth, video.videoHeight));
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", longSide > LONG_SIDE ? 0.95 : 0.88));
}

function placeOutline() {
  // The video keeps its shape within its box: the outline lies over what is seen of it.
  const video = $("video"), box = video.getBoundingClientRect(), view = $("view").getBoundingClientRect();
  if (!video.videoWidth) return;
  const scale = Math.min(box.width / video.videoWidth, box.height / video.videoHeight);
  const width = video.videoWidth * scale, height = video.videoHeight * scale;
  const style = $("outline").style;
  style.width = `${width}px`; style.height = `${height}px`;
  style.left = `${box.left - view.left + (box.width - width) / 2}px`;
  style.top = `${box.top - view.top + (box.height - height) / 2}px`;
}

function show(answer) {
  placeOutline();
  const points = (answer.outline || []).map((p) => p.join(",")).join(" ");
  $("outline").firstElementChild.setAttribute("points", points);
  $("outline").setAttribute("class", answer.state);
  $("hint").textContent = answer.advice ? `Found; ${answer.advice}` : HINTS[answer.state];
  document.body.dataset.state = answer.state;
  document.body.dataset.ms = Math.round(answer.ms);
  if (answer.state === "read") showText(answer.text);
}

function showText(text) {
  if ($("message").hidden || $("text").textContent !== text) {
    if (navigator.vibrate) navigator.vibrate(200);
  }
  $("text").textContent = text;
  $("message").hidden = false;
}

async function watch() {
  while (!stopped) {
    const began = performance.now();
    if (!document.hidden && $("video").videoWidth) {
      try {
        show(await ask("/api/frame", await grab(LONG_SIDE)));
      } catch (error) {
        if (error.status === 429 || error.status === 503) await pause(400);
        else { $("hint").textContent = error.message; await pause(1500); }
      }
    }
    await pause(Math.max(GAP_MS, 130 - (performance.now() - began)));
  }
}

// The study

const words = (name, value) => `${value}${UNITS[name] || ""}`;
const describe = (row) => `row ${row.id}: sheet ${row.sheet}, ${row.medium} ${row.width_mm} mm, ${row.distance_m} m, ${row.angle_deg}°, ${row.light}, ${row.device}`;

function fill(select, values, name) {
  const chosen = select.value;
  select.replaceChildren(...values.map((value) => new Option(words(name, value), value)));
  if (values.map(String).includes(chosen)) select.value = chosen;
}

function matching() {
  return study.rows.filter((row) => row.sheet === $("f-sheet").value && FACTORS.every((name) => String(row[name]) === $(`f-${name}`).value));
}

function chosenRow() {
  const rows = matching();
  return rows.find((row) => !row.done) || rows[0];
}

function choose(row) {
  FACTORS.forEach((name) => { $(`f-${name}`).value = row[name]; });
  $("f-sheet").value = row.sheet;
  showRow();
}

function showRow() {
  const row = chosenRow();
  $("take").disabled = !row || !$("video").videoWidth;
  $("row").textContent = row ? `${describe(row)}${row.done ? " (has a photo already)" : ""}` : "No row of the plan has these levels.";
}

function showStudy(found) {
  const first = study === null;
  study = found;
  $("study").hidden = false;
  $("study-name").textContent = `Study: ${study.name}`;
  const left = study.rows.filter((row) => !row.done);
  $("progress").textContent = left.length ? `${study.rows.length - left.length} of ${study.rows.length} rows have a photo; ${left.length} to do.` : `All ${study.rows.length} rows have a photo.`;
  if (study.simulated) $("progress").textContent += ` ${study.simulated} of these photos are simulated: no camera took them.`;
  $("bar").max = study.rows.length; $("bar").value = study.rows.length - left.length;
  FACTORS.forEach((name) => fill($(`f-${name}`), study.levels[name], name));
  fill($("f-sheet"), [...new Set(study.rows.map((row) => row.sheet))], "sheet");
  $("todo").replaceChildren(...left.slice(0, 200).map((row) => {
    const item = document.createElement("li"), button = document.createElement("button");
    button.type = "button"; button.textContent = describe(row);
    button.addEventListener("click", () => { choose(row); $("row").scrollIntoView({ block: "center" }); });
    item.append(button);
    return item;
  }));
  if (first && left.length) choose(left[0]);
  showRow();
}

function next(after) {
  // The row to do that shares most with the one just done.
  const left = study.rows.filter((row) => !row.done);
  const alike = (row) => (row.device === after.device ? 8 : 0) + (row.light === after.light ? 4 : 0) + (row.sheet === after.sheet ? 2 : 0) + (row.distance_m === after.distance_m ? 1 : 0);
  if (left.length) choose(left.reduce((best, row) => (alike(row) > alike(best) ? row : best)));
}

async function recordPhoto(blob) {
  const row = chosenRow();
  if (!row || !blob) return;
  $("take").disabled = true;
  $("recorded").textContent = "Keeping the photo …";
  try {
    const answer = await ask(`/api/study/photo?row=${row.id}`, blob);
    $("recorded").textContent = answer.recorded ? `Row ${row.id}: ${answer.detail}.` : `Not kept: ${answer.detail}.`;
    if (answer.recorded && navigator.vibrate) navigator.vibrate([60, 60, 60]);
    showStudy(answer.study);
    if (answer.recorded) next(row);
  } catch (error) {
    $("recorded").textContent = error.message;
  }
  showRow();
}

async function still() {
  // The sensor's own photo where the browser gives it, else the largest frame.
  const track = $("video").srcObject && $("video").srcObject.getVideoTracks()[0];
  if (track && window.ImageCapture) {
    try { return await new ImageCapture(track).takePhoto(); } catch { /* the frame will do */ }
  }
  return grab(1e6);
}

async function readPhoto(blob) {
  $("uploaded").textContent = "Reading …";
  try {
    const answer = await ask("/api/photo", blob);
    const texts = answer.containers.map((one) => one.text).filter((text) => text !== null);
    $("uploaded").textContent = texts.length ? "" : answer.containers.map((one) => one.detail).join("; ");
    if (texts.length) showText(texts.join("\n"));
  } catch (error) {
    $("uploaded").textContent = error.message;
  }
}

function listen() {
  [...FACTORS, "sheet"].forEach((name) => $(`f-${name}`).addEventListener("change", showRow));
  $("take").addEventListener("click", async () => recordPhoto(await still()));
  $("study-file").addEventListener("change", (event) => recordPhoto(event.target.files[0]));
  $("file").addEventListener("change", (event) => event.target.files[0] && readPhoto(event.target.files[0]));
  $("again").addEventListener("click", async () => { $("message").hidden = true; await ask("/api/again").catch(() => {}); });
  $("copy").addEventListener("click", async () => {
    await navigator.clipboard.writeText($("text").textContent).then(() => { $("copy").textContent = "Copied"; }, () => { $("copy").textContent = "Select and copy"; });
  });
  window.addEventListener("resize", placeOutline);
}

async function main() {
  listen();
  try {
    await greet();
  } catch (error) {
    $("view").className = "off";
    $("hint").textContent = error.message;
    return;
  }
  try {
    await startCamera();
  } catch (error) {
    $("view").className = "off";
    $("hint").textContent = error.name === "NotAllowedError" ? "The camera was not allowed: allow it in the browser's settings for this page, or read a photo below." : `No camera: ${error.message}`;
    return;
  }
  if (study) showRow();
  await watch();
}

main();
