// The page: what is typed is drawn, derived and checked as it is typed, and stands in the address.
import { ask, start, state } from "./python.js";
import "./scalargrad-steps.js";

const $ = (id) => document.getElementById(id);
const fields = ["program", "wrt", "style", "show", "theme", "more", "answers"];
const dark = matchMedia("(prefers-color-scheme: dark)");
const LONG = 20_000; // characters of a program that is not coloured while one types
let names = [];

function made(tag, attributes, ...children) {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
}

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

// What a worksheet asks, and what was answered: lines of quantity = number.
function sheet() {
  const lines = $("answers").value.split("\n").map((line) => line.split(/=(?=[^=]*$)/).map((part) => part.trim()));
  const answers = Object.fromEntries(lines.filter(([quantity, number]) => quantity && number));
  return { program: $("program").value, ask: $("wrt").value ? `path:${$("wrt").value}` : "all", answers };
}

// Only the newest question of a kind is answered: the others are out of date.
const newest = {};
async function latest(request) {
  const turn = newest[request.do] = {};
  const answer = await ask(request);
  return newest[request.do] === turn ? answer : null;
}

// The program in colours, beneath what is typed, with a wave where it is wrong.
function paint({ line = 0, column = 0 } = {}) {
  const text = $("program").value, lines = text.split("\n");
  const before = [...lines.slice(0, line - 1), [...(lines[line - 1] ?? "")].slice(0, column - 1).join("")];
  const wrong = line ? before.join("\n").length : -1;
  const spans = text.length > LONG ? [text] : [...`${text} `.matchAll(pieces)].map(({ 0: piece, groups, index }) => made("span", {
    className: `${Object.keys(groups).find((kind) => groups[kind])} ${index <= wrong && wrong < index + piece.length ? "mark" : ""}`,
  }, piece));
  $("colours").replaceChildren(...spans, "\n");
  scrolled();
}

function scrolled() {
  $("colours").scrollTo($("program").scrollLeft, $("program").scrollTop);
}

function wrong({ error = "", line = 0, column = 0 }) {
  $("error").textContent = error && (line ? `Line ${line}, column ${column}: ${error}` : error);
  $("program").setAttribute("aria-invalid", String(line > 0));
  $("picture").classList.toggle("stale", error !== "");
  paint({ line, column });
}

async function draw() {
  const program = $("program").value;
  const drawn = await latest({ do: "draw", program, options: options() });
  if (!drawn) return;
  wrong(drawn);
  if (drawn.error) return;
  $("picture").innerHTML = drawn.svg; // made in Python, with every name escaped
  $("picture").querySelector("svg").setAttribute("aria-label", drawn.words);
  offer(drawn.names);
  await Promise.all([derive(program), check()]);
  step();
}

// An exercise, which shows no gradients, has no derivation either.
async function derive(program) {
  const wrt = ["names", "values"].includes($("show").value) ? "" : $("wrt").value;
  const derived = wrt ? await latest({ do: "derive", program, options: `--wrt ${quoted(wrt)}` }) : {};
  if (derived) $("derivation").textContent = derived.text ?? derived.error ?? "";
}

async function check() {
  const marked = await latest({ do: "sheet", ...sheet() });
  if (!marked) return;
  const lines = marked.lines ?? [];
  const rows = [...$("sheet").children];
  if (lines.map(({ quantity }) => quantity).join() !== rows.map(({ dataset }) => dataset.quantity).join()) {
    $("sheet").replaceChildren(...lines.map(row));
  }
  lines.forEach(({ mark, quantity, message, written }, k) => {
    const said = $(`said-${k}`), field = $(`answer-${k}`);
    if (field !== document.activeElement) field.value = written; // as the link says that was followed
    said.textContent = message && `${mark} ${message.replace(`${quantity}: `, "")}`;
    said.className = { "✓": "right", "✗": "wrong" }[mark] ?? "";
  });
  $("score").textContent = Object.keys(sheet().answers).length ? marked.summary ?? marked.error : "";
}

function row({ quantity, written }, k) {
  const field = made("input", { id: `answer-${k}`, value: written, spellcheck: false, autocapitalize: "off" });
  field.setAttribute("aria-describedby", `said-${k}`);
  const line = made("div", {}, made("label", { htmlFor: field.id }, `${quantity} =`), field, made("output", { id: `said-${k}` }));
  line.dataset.quantity = quantity;
  return line;
}

function step() {
  const steps = document.querySelector("scalargrad-steps");
  if (!$("stepping").open) return;
  const asked = [$("program").value, options().replace(/--refine '\.show\([a-z]+\)'/, "")];
  if (steps.dataset.asked === JSON.stringify(asked)) return;
  steps.dataset.asked = JSON.stringify(asked);
  steps.setAttribute("program", asked[0]);
  steps.setAttribute("options", asked[1]);
  steps.refresh();
}

function offer(found, chosen = $("wrt").value) {
  if (JSON.stringify(found) === JSON.stringify(names)) return;
  names = found;
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
  const parts = new URLSearchParams(location.hash.slice(1)), wrt = parts.get("wrt") ?? "";
  if (!parts.has("program")) return false;
  offer([{ name: wrt, text: wrt }], wrt);
  for (const id of fields) $(id).value = parts.get(id) ?? "";
  paint();
  draw();
  return true;
}

async function save() {
  const name = $("file").value;
  let content = name.endsWith(".sg") ? $("program").value : null;
  if (name.endsWith(".png")) content = await painted();
  if (content === null) {
    const file = await ask({ do: "file", name, options: options(), ...sheet() });
    if (file.error) return tell(file.error);
    content = Uint8Array.from(atob(file.base64), (character) => character.charCodeAt(0));
  }
  const link = made("a", { href: URL.createObjectURL(new Blob([content])), download: name });
  link.click();
  URL.revokeObjectURL(link.href);
  tell(`Saved ${name}.`);
}

// The picture as a PNG, twice as large as on the page.
async function painted() {
  const svg = new XMLSerializer().serializeToString($("picture").querySelector("svg"));
  const image = made("img", { src: `data:image/svg+xml,${encodeURIComponent(svg)}` });
  await image.decode();
  const canvas = made("canvas", { width: 2 * image.width, height: 2 * image.height });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve));
}

function tell(message) {
  $("said").textContent = message;
}

state.addEventListener("starting", () => { $("status").textContent = "Python is starting: the first time it is loaded, which takes some seconds."; });
state.addEventListener("ready", () => { $("status").textContent = ""; });
state.addEventListener("stopped", start);
state.addEventListener("broken", () => { $("status").textContent = "Reload the page to try again."; });
$("desk").addEventListener("input", ({ target }) => {
  if (target.id === "example") return;
  if (target.id === "program") paint();
  if ($("sheet").contains(target)) {
    const rows = [...$("sheet").children].map((line) => [line.dataset.quantity, line.querySelector("input").value]);
    $("answers").value = rows.filter(([, number]) => number).map((parts) => parts.join(" = ")).join("\n");
  }
  changed();
});
$("desk").addEventListener("submit", (event) => event.preventDefault());
$("program").addEventListener("scroll", scrolled);
dark.addEventListener("change", draw);
$("stepping").addEventListener("toggle", step);
$("save").addEventListener("click", save);
$("share").addEventListener("click", () => navigator.clipboard.writeText(location.href)
  .then(() => tell("The link is copied: it holds program, options and answers."), () => tell(`Copy the address of this page.`)));
window.addEventListener("hashchange", opened);

start();
const built = await (await fetch("page.json")).json();
const pieces = new RegExp(Object.entries(built.pieces).map(([kind, piece]) => `(?<${kind}>${piece})`).join("|"), "gu");
const groups = Object.entries(built.examples).map(([label, programs]) => made("optgroup", { label },
  ...Object.entries(programs).map(([title, program]) => new Option(title, program))));
$("example").replaceChildren(new Option("choose…", ""), ...groups);
$("example").addEventListener("change", () => {
  $("program").value = $("example").value || $("program").value;
  $("answers").value = "";
  paint();
  changed();
});
if (!opened()) {
  location.replace(`#${new URLSearchParams({ program: $("example").options[1].value, wrt: "w2" })}`);
}
navigator.serviceWorker?.register("offline.js");
