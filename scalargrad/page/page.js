// The page: what is typed is drawn, derived and checked as it is typed, and stands in the address.
import { ask, start, state } from "./python.js";
import "./scalargrad-steps.js";

const $ = (id) => document.getElementById(id);
const fields = ["program", "wrt", "style", "show", "theme", "more", "answers"];
const dark = matchMedia("(prefers-color-scheme: dark)");
let names = [];

function quoted(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

// The options of the command line for what is chosen.
function options() {
  const theme = $("theme").value || (dark.matches ? "dark" : "light");
  const chosen = [["--wrt", $("wrt").value], ["--style", $("style").value], ["--theme", theme === "light" ? "" : theme],
    ["--refine", $("show").value && `.show(${$("show").value})`]];
  return [...chosen.filter(([, value]) => value).map(([name, value]) => `${name} ${quoted(value)}`), $("more").value]
    .join(" ").trim();
}

// Only the newest question of a kind is answered: the others are out of date.
const newest = {};
async function latest(kind, request) {
  const turn = newest[kind] = {};
  const answer = await ask(request);
  return newest[kind] === turn ? answer : null;
}

function wrong({ error = "", line = 0, column = 0 }) {
  $("error").textContent = error && (line ? `Line ${line}, column ${column}: ${error}` : error);
  $("program").setAttribute("aria-invalid", String(line > 0));
  $("program").style.setProperty("--at", line);
  $("picture").classList.toggle("stale", error !== "");
}

async function draw() {
  const program = $("program").value;
  const drawn = await latest("draw", { do: "draw", program, options: options() });
  if (!drawn) return;
  wrong(drawn);
  if (drawn.error) return;
  $("picture").innerHTML = drawn.svg; // made in Python, with every name escaped
  $("picture").querySelector("svg").setAttribute("aria-label", drawn.words);
  offer(drawn.names);
  await Promise.all([derive(program), check(program)]);
  step();
}

async function derive(program) {
  const wrt = $("wrt").value;
  const derived = wrt ? await latest("derive", { do: "derive", program, options: `--wrt ${quoted(wrt)}` }) : {};
  if (derived) $("derivation").textContent = derived.text ?? derived.error ?? "";
}

async function check(program) {
  const answers = $("answers").value;
  const report = answers.trim() ? await latest("check", { do: "check", program, answers }) : {};
  if (!report) return;
  const list = document.createElement("ul");
  for (const { mark, quantity, kind, message } of report.lines ?? []) {
    const item = document.createElement("li");
    item.textContent = `${mark} ${message.startsWith(quantity) ? "" : `${quantity} `}${message}`;
    item.className = { "✓": "right", "✗": "wrong" }[mark] ?? "";
    list.append(item);
  }
  $("report").replaceChildren(list, report.summary ?? report.error ?? "");
}

function step() {
  const steps = document.querySelector("scalargrad-steps");
  if (!$("stepping").open) return;
  const asked = [$("program").value, options()];
  if (steps.dataset.asked === JSON.stringify(asked)) return;
  steps.dataset.asked = JSON.stringify(asked);
  steps.setAttribute("program", asked[0]);
  steps.setAttribute("options", asked[1].replace(/--refine '\.show\([a-z]+\)'/, ""));
  steps.refresh();
}

function offer(found) {
  if (JSON.stringify(found) === JSON.stringify(names)) return;
  names = found;
  const chosen = $("wrt").value;
  $("wrt").replaceChildren(new Option("none", ""), ...found.map(({ name, text }) => new Option(text, name)));
  $("wrt").value = found.some(({ name }) => name === chosen) ? chosen : "";
}

let timer = null;
function changed() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const parts = fields.map((id) => [id, $(id).value]).filter(([, value]) => value);
    history.replaceState(null, "", `#${new URLSearchParams(parts)}`);
    draw();
  }, 60);
}

// What stands in the address; without it the first example.
function opened() {
  const parts = new URLSearchParams(location.hash.slice(1));
  if (!parts.has("program")) return false;
  const wrt = parts.get("wrt") ?? "";
  $("wrt").replaceChildren(new Option("none", ""), ...(wrt ? [new Option(wrt, wrt)] : []));
  names = [];
  for (const id of fields) $(id).value = parts.get(id) ?? "";
  draw();
  return true;
}

async function save() {
  const suffix = $("suffix").value, program = $("program").value;
  let content, name = `graph${suffix}`;
  if (suffix === ".sg") {
    content = program;
  } else if (suffix === ".png") {
    content = await painted();
  } else {
    const steps = suffix === ".steps";
    const file = await ask({ do: "file", program, suffix: steps ? ".html" : suffix,
      options: options() + (steps ? " --frames" : "") });
    if (file.error) return tell(file.error);
    content = Uint8Array.from(atob(file.base64), (character) => character.charCodeAt(0));
    if (steps || suffix === ".element") name = `steps${steps ? "" : suffix}.html`;
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content]));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
  tell(`Saved ${name}.`);
}

// The picture as a PNG, twice as large as on the page.
async function painted() {
  const svg = new XMLSerializer().serializeToString($("picture").querySelector("svg"));
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: 2 * image.width, height: 2 * image.height });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve));
}

function tell(message) {
  $("said").textContent = message;
}

state.addEventListener("starting", () => { $("status").textContent = "Python is starting…"; });
state.addEventListener("ready", () => { $("status").textContent = ""; });
state.addEventListener("stopped", start);
state.addEventListener("broken", () => { $("status").textContent = "Reload the page to try again."; });
$("desk").addEventListener("input", (event) => { if (event.target.id !== "example") changed(); });
$("desk").addEventListener("submit", (event) => event.preventDefault());
dark.addEventListener("change", draw);
$("stepping").addEventListener("toggle", step);
$("save").addEventListener("click", save);
$("share").addEventListener("click", () => navigator.clipboard.writeText(location.href)
  .then(() => tell("The link is copied: it holds program, options and answers."), () => tell(`Copy the address of this page.`)));
$("worksheet").addEventListener("click", async () => {
  const wrt = $("wrt").value;
  const sheet = await ask({ do: "asked", program: $("program").value, options: wrt ? `path:${wrt}` : "all" });
  if (sheet.error) return tell(sheet.error);
  $("answers").value = sheet.quantities.map((name) => `${name} = `).join("\n");
  $("answers").focus();
  changed();
});
window.addEventListener("hashchange", opened);

start();
const examples = await (await fetch("examples.json")).json();
$("example").replaceChildren(new Option("choose…", ""), ...examples.map(({ title }, k) => new Option(title, k)));
$("example").addEventListener("change", () => {
  if ($("example").value === "") return;
  $("program").value = examples[$("example").value].program;
  $("answers").value = "";
  changed();
});
if (!opened()) {
  $("program").value = examples[0].program;
  $("wrt").replaceChildren(new Option("none", ""), new Option("w₂", "w2"));
  $("wrt").value = "w2";
  draw();
}
navigator.serviceWorker?.register("offline.js");
