"use strict";

// Steps through the figures inside an element, by its buttons, its slider, and the keys that reach
// `listening`: ←, →, Home and End, and the space bar to play. Nothing moves until it is asked to.
function stepping(root, listening, milliseconds) {
  const find = (selector) => root.querySelector(selector);
  const slider = find("input[type=range]"), play = find(".play"), caption = find(".caption");
  const back = find(".back"), forward = find(".forward");
  let frames = [], at = 0, timer = null;
  const last = () => frames.length - 1;

  // A button that is switched off would keep the keys from us while it has the focus.
  function allow(button, allowed) {
    button.setAttribute("aria-disabled", String(!allowed));
  }
  function show(index) {
    at = Math.max(0, Math.min(last(), index));
    frames.forEach((frame, i) => frame.classList.toggle("shown", i === at));
    caption.replaceChildren(...frames[at].querySelector("figcaption").cloneNode(true).childNodes);
    slider.value = at + 1;
    slider.setAttribute("aria-valuetext", caption.textContent);
    allow(back, at > 0);
    allow(forward, at < last());
  }
  function pause() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  }
  function toggle() {
    if (timer !== null) return pause();
    if (at === last()) show(0);
    play.textContent = "Pause";
    timer = setInterval(() => { show(at + 1); if (at === last()) pause(); }, milliseconds);
  }
  function go(index) { pause(); show(index); }

  // For figures that are new: the step stays.
  function refresh() {
    frames = [...root.querySelectorAll("figure")];
    slider.max = frames.length;
    show(at);
  }

  const keys = {
    ArrowLeft: () => go(at - 1), ArrowRight: () => go(at + 1), Home: () => go(0),
    End: () => go(last()), " ": toggle,
  };
  listening.addEventListener("keydown", (event) => {
    const onButton = event.key === " " && event.target.closest("button, summary");
    if (!(event.key in keys) || onButton) return;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  });
  back.addEventListener("click", () => go(at - 1));
  play.addEventListener("click", toggle);
  forward.addEventListener("click", () => go(at + 1));
  slider.addEventListener("input", () => go(slider.valueAsNumber - 1));
  root.classList.add("stepping");
  find(".controls").hidden = caption.hidden = false;
  refresh();
  return { pause, refresh };
}
