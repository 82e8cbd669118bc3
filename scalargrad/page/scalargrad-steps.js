// <scalargrad-steps program="x = 2; y = x^2" options="--wrt x">, or src="lecture.sg": both passes, step
// by step, with inputs to edit. Figures inside of it are shown at once; Python starts when an input is
// edited, or where there are none. No style of the page reaches into it.
import { ask } from "./python.js";
import stepper from "./stepper.js";

const style = new CSSStyleSheet();
style.replaceSync(await (await fetch(new URL("stepper.css", import.meta.url))).text());
const FORWARD = new Set(["PageDown", "ArrowRight", "ArrowDown", " ", "n"]);
const BACK = new Set(["PageUp", "ArrowLeft", "ArrowUp", "p"]);

let count = 0;

class Steps extends HTMLElement {
  async connectedCallback() {
    if (this.leave) return;
    this.leave = () => {};
    this.key = `steps-${count += 1}`;
    this.inside = document.createElement("div");
    this.attachShadow({ mode: "open" }).append(this.inside);
    this.shadowRoot.adoptedStyleSheets = [style];
    if (this.matches(".reveal section > *")) this.classList.add("r-stretch"); // as high as there is room
    const drawn = this.querySelector("script[type='application/json']");
    if (drawn) {
      const first = JSON.parse(drawn.textContent);
      drawn.remove();
      return this.render({ ...first, figures: this.innerHTML });
    }
    this.inside.textContent = "Python is starting…";
    const source = this.getAttribute("src");
    const file = source && await fetch(source);
    if (file && !file.ok) return this.say(`There is no ${source}.`);
    if (file) this.setAttribute("program", await file.text());
    this.refresh();
  }

  say(error) {
    this.leave();
    this.inside.role = "alert";
    this.inside.textContent = error;
  }

  // Shows the program that the element has now.
  async refresh() {
    const first = await this.ask({});
    if (first.error) return this.say(first.line ? `Line ${first.line}: ${first.error}` : first.error);
    this.inside.role = null;
    this.render(first);
  }

  ask(request) {
    const wrt = this.getAttribute("wrt");
    const options = this.getAttribute("options") ?? (wrt ? `--wrt ${wrt}` : "");
    return ask({ do: "steps", key: this.key, program: this.getAttribute("program") ?? "", options, request });
  }

  render(first) {
    this.leave();
    const ink = getComputedStyle(this.parentElement).color.match(/[\d.]+/g).slice(0, 3).map(Number);
    if (Math.min(...ink) > 128) this.style.colorScheme = "dark"; // as a page that writes in white
    const data = { ...first, answered: 0 }, heard = new Set();
    const model = {
      get: (name) => data[name],
      on: (_, listener) => heard.add(listener),
      off: (_, listener) => heard.delete(listener),
      send: async (request) => {
        const answer = await this.ask(request);
        if (!answer.error) Object.assign(data, answer);
        for (const listener of heard) listener();
      },
    };
    this.leave = stepper.render({ model, el: this.inside });
    dispatchEvent(new Event("resize")); // what is around it may find places anew, as a deck does
  }
}
customElements.define("scalargrad-steps", Steps);

// The remote of a reveal.js deck goes through the steps on its slide, and then on through the deck.
addEventListener("keydown", (event) => {
  const isForward = FORWARD.has(event.key), slide = document.querySelector(
    ".reveal:not(.overview, .paused) section.present:not(.stack):has(scalargrad-steps)");
  if (!slide || !(isForward || BACK.has(event.key)) || event.altKey || event.ctrlKey || event.metaKey) return;
  const typing = `input[type=text], textarea, [contenteditable]${event.key === " " ? ", button" : ""}`;
  if (event.composedPath()[0].closest?.(typing)) return;
  const all = [...slide.querySelectorAll("scalargrad-steps")];
  const buttons = all.map((steps) => steps.shadowRoot.querySelector(isForward ? ".forward" : ".back"))
    .filter((button) => button?.getAttribute("aria-disabled") === "false");
  const button = isForward ? buttons[0] : buttons.at(-1);
  if (!button && !all.includes(document.activeElement)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (button) return button.click();
  document.activeElement.blur();
  postMessage(JSON.stringify({ method: isForward ? "next" : "prev" }), "*");
}, true);
