// <scalargrad-steps program="x = 2; y = x^2" options="--wrt x">, or src="lecture.sg": both passes, step
// by step, with inputs to edit. Figures inside of it are shown at once; Python starts when an input is
// edited, or where there are none.
import { ask } from "./python.js";
import stepper from "./stepper.js";

const style = document.createElement("link");
style.rel = "stylesheet";
style.href = new URL("stepper.css", import.meta.url).href;
document.head.append(style);

let count = 0;

class Steps extends HTMLElement {
  async connectedCallback() {
    if (this.leave) return;
    this.leave = () => {};
    this.key = `steps-${count += 1}`;
    const drawn = this.querySelector("script[type='application/json']");
    if (drawn) {
      const first = JSON.parse(drawn.textContent);
      drawn.remove();
      return this.render({ ...first, figures: this.innerHTML });
    }
    this.textContent = "Python is starting…";
    const source = this.getAttribute("src");
    if (source) this.setAttribute("program", await (await fetch(source)).text());
    this.refresh();
  }

  // Shows the program that the element has now.
  async refresh() {
    const first = await this.ask({});
    if (first.error) {
      this.leave();
      this.setAttribute("role", "alert");
      this.textContent = first.error;
    } else {
      this.removeAttribute("role");
      this.render(first);
    }
  }

  ask(request) {
    const wrt = this.getAttribute("wrt");
    const options = this.getAttribute("options") ?? (wrt ? `--wrt ${wrt}` : "");
    return ask({ do: "steps", key: this.key, program: this.getAttribute("program") ?? "", options, request });
  }

  render(first) {
    this.leave();
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
    this.leave = stepper.render({ model, el: this });
  }
}
customElements.define("scalargrad-steps", Steps);
