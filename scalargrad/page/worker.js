// Python, beside the page: a message is a request of desk.py with its number, and so is the answer.
import { loadPyodide } from "./pyodide.mjs";

async function start() {
  const [python, archive] = await Promise.all([
    loadPyodide({ indexURL: new URL(".", import.meta.url).href }),
    fetch(new URL("scalargrad.zip", import.meta.url)).then((response) => response.arrayBuffer()),
  ]);
  python.unpackArchive(archive, "zip", { extractDir: "/scalargrad" });
  python.runPython("import sys; sys.path.insert(0, '/scalargrad'); sys.dont_write_bytecode = True");
  return python.pyimport("scalargrad.page.desk").Desk();
}

const started = start();
started.then(() => postMessage({ ready: true }), (error) => postMessage({ broken: String(error) }));

addEventListener("message", async ({ data: { number, request } }) => {
  const desk = await started;
  postMessage({ number, answer: desk.answer(JSON.stringify(request)) });
});
