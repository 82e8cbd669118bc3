"use strict";

// Steps through the figures inside an element, by its buttons, its slider, a click on a picture, and
// the keys that reach `listening`: those of a presenter (←, →, PageUp, PageDown, Enter), Home and
// End, the space bar to play, F for the full screen. Nothing moves until it is asked to.
function stepping(root, listening, milliseconds) {
  const find = (selector) => root.querySelector(selector);
  const slider = find("input[type=range]"), play = find(".play"), caption = find(".caption");
  const back = find(".back"), forward = find(".forward"), full = find(".full");
  let frames = [], at = 0, timer = null, inDeck = false;
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
    find(".count").textContent = `${at + 1} / ${frames.length}`;
    allow(back, at > 0 || inDeck);
    allow(forward, at < last() || inDeck);
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
  function go(index) {
    pause();
    if (inDeck && (index < 0 || index > last())) return handOver(index < 0 ? "prev" : "next");
    show(index);
  }
  function fill() {
    if (document.fullscreenElement) document.exitFullscreen();
    else root.requestFullscreen().catch(() => {});
  }

  // A deck of reveal.js tells the frames of a slide when it comes and goes, and is told to go on.
  function handOver(method) {
    window.parent.postMessage(JSON.stringify({ method }), "*");
    window.parent.focus();
  }
  function hear({ data, source }) {
    if (source !== window.parent || source === window) return;
    if (data === "slide:start") {
      inDeck = true;
      window.focus();
      show(at);
    } else if (data === "slide:stop") {
      pause();
    }
  }

  // For figures that are new: the step stays.
  function refresh() {
    frames = [...root.querySelectorAll("figure")];
    slider.max = frames.length;
    show(at);
  }

  const next = () => go(at + 1), previous = () => go(at - 1);
  const keys = {
    ArrowLeft: previous, PageUp: previous, ArrowRight: next, PageDown: next, Enter: next,
    Home: () => go(0), End: () => go(last()), " ": toggle, f: fill, F: fill,
  };
  listening.addEventListener("keydown", (event) => {
    const presses = event.key === " " || event.key === "Enter";
    const onButton = presses && event.target.closest("button, summary");
    if (!(event.key in keys) || onButton) return;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  });
  back.addEventListener("click", previous);
  play.addEventListener("click", toggle);
  forward.addEventListener("click", next);
  full.addEventListener("click", fill);
  full.hidden = !document.fullscreenEnabled;
  root.addEventListener("click", (event) => { if (event.target.closest("figure")) next(); });
  slider.addEventListener("input", () => go(slider.valueAsNumber - 1));
  window.addEventListener("message", hear);
  root.classList.add("stepping");
  find(".controls").hidden = caption.hidden = false;
  refresh();
  return { pause, refresh };
}
