// One Python for everything on a page. It starts when it is first asked, and a question that takes
// too long stops it: the next one starts another.
const PATIENCE = 10000; // milliseconds for one answer, after Python has started

let worker = null, ready = false, number = 0;
const waiting = new Map();
export const state = new EventTarget(); // "starting", "ready", "stopped", "broken"

const say = (type) => state.dispatchEvent(new Event(type));

export function start() {
  if (worker) return;
  say("starting");
  worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }) => {
    if (data.ready) {
      ready = true;
      say("ready");
      for (const question of waiting.values()) watch(question);
    } else if (data.broken) {
      stop("broken", `Python could not start: ${data.broken}`);
    } else {
      const question = waiting.get(data.number);
      waiting.delete(data.number);
      clearTimeout(question?.timer);
      question?.resolve(JSON.parse(data.answer));
    }
  });
  worker.addEventListener("error", () => stop("broken", "Python could not start."));
}

function stop(type, error) {
  worker?.terminate();
  worker = null;
  ready = false;
  for (const question of waiting.values()) {
    clearTimeout(question.timer);
    question.resolve({ error });
  }
  waiting.clear();
  say(type);
}

function watch(question) {
  question.timer = setTimeout(() => stop("stopped",
    `This took longer than ${PATIENCE / 1000} seconds and was stopped. Make the program smaller.`), PATIENCE);
}

// The answer to a request of desk.py; what went wrong is its "error".
export function ask(request) {
  start();
  return new Promise((resolve) => {
    const question = { resolve };
    waiting.set(number += 1, question);
    if (ready) watch(question);
    worker.postMessage({ number, request });
  });
}
