const PATIENCE = 8000; // milliseconds until a kernel that says nothing is asked after

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children); // strings become texts: no name is ever read as HTML
  return made;
}

function render({ model, el }) {
  // The figures and the controls are HTML that was made in Python, with every name escaped.
  const pictures = element("div", { class: "pictures" });
  const stage = element("div", { class: "stage" }, pictures);
  let drawn = "";
  function draw() {
    pictures.innerHTML = drawn = model.get("figures");
    for (const svg of pictures.querySelectorAll("figure svg")) {
      const points = svg.viewBox.baseVal.width;
      svg.style.maxWidth = `${points * 4 / 3}px`; // no larger than `draw` shows it
    }
  }
  draw();
  stage.insertAdjacentHTML("beforeend", model.get("controls"));

  const table = element("div", { class: "fields" });
  const reset = element("button", { type: "button", class: "reset" }, "Reset inputs");
  const notice = element("p", { class: "notice", role: "status", "aria-live": "polite" });
  const inputs = element(
    "fieldset", {}, element("legend", {}, "Inputs"), table, element("div", {}, reset, notice),
  );
  el.classList.add("scalargrad-stepper");
  el.dataset.lmSuppressShortcuts = "true"; // the letters of a number are no commands to JupyterLab
  el.replaceChildren(stage, inputs);

  const player = stepping(stage, stage, model.get("milliseconds"));
  const prefix = `scalargrad-${Math.random().toString(36).slice(2)}`; // of this view's ids
  const fields = model.get("fields").map(({ name }, index) => {
    const id = `${prefix}-${index}`;
    const input = element("input", {
      id, type: "text", autocomplete: "off", spellcheck: "false", maxlength: 100,
      "aria-describedby": `${id}-error`,
    });
    const error = element("span", { id: `${id}-error`, class: "error", "aria-live": "polite" });
    const label = element("label", { for: id }, element("bdi", {}, name), " =");
    table.append(element("div", { class: "field" }, label, input, error));
    const field = { input, error, known: "" };
    const submit = () => {
      if (input.value !== field.known) ask({ index, text: input.value }, [field]);
    };
    input.addEventListener("change", submit);
    input.addEventListener("keydown", (event) => {
      event.stopPropagation(); // a notebook has plans of its own for most keys, and for Enter
      if (event.key === "Enter") submit();
    });
    return field;
  });
  inputs.hidden = fields.length === 0;

  let waiting = null;
  function ask(request, asked) {
    for (const field of asked) field.known = field.input.value;
    clearTimeout(waiting);
    waiting = setTimeout(miss, PATIENCE);
    try {
      model.send(request);
    } catch {
      miss(); // there is no connection
    }
  }
  function miss() {
    notice.textContent = "No answer from the kernel: is it running, and not busy?";
  }
  reset.addEventListener("click", () => ask({}, fields));

  function fill() {
    model.get("fields").forEach(({ text, error }, index) => {
      const field = fields[index];
      // What somebody is writing meanwhile is left alone.
      if (field.input.value === field.known) field.input.value = field.known = text;
      field.input.setAttribute("aria-invalid", String(error !== ""));
      field.error.textContent = error;
    });
  }
  function answer() {
    clearTimeout(waiting);
    notice.textContent = "";
    fill();
    if (drawn === model.get("figures")) return;
    player.pause();
    draw();
    player.refresh();
  }
  fill();
  model.on("change:answered", answer);
  return () => {
    player.pause();
    clearTimeout(waiting);
    model.off("change:answered", answer);
  };
}

export default { render };
