// The result of a query as a file, with how far it is.
"use strict";

(() => {
  const number = new Intl.NumberFormat("en").format;
  const box = document.querySelector("[data-export]");
  if (!box || !window.ReadableStream) return;
  const progress = box.querySelector("[data-export-progress]");
  const bar = progress.querySelector("progress");
  const text = progress.querySelector("[data-export-text]");
  const stop = progress.querySelector("[data-export-stop]");
  const total = Number(box.querySelector("[data-export-total]")?.dataset.exportTotal || 0);
  const AT_ONCE = 4_000_000; // bytes that are gathered before they become one piece, which a browser may keep on its disk
  let stopped;

  const lines = (bytes) => {
    let count = 0;
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count += 1;
    return count;
  };

  async function read(answer, told) {
    const reader = answer.body.getReader();
    const pieces = [];
    let parts = [], size = 0, bytes = 0, rows = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      size += value.length;
      bytes += value.length;
      rows += lines(value);
      if (size > AT_ONCE) {
        pieces.push(new Blob(parts));
        parts = [];
        size = 0;
      }
      told(rows, bytes);
    }
    return new Blob([...pieces, ...parts], { type: answer.headers.get("content-type") });
  }

  function keep(blob, answer) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") || "")?.[1] || "export";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  async function load(link) {
    stopped = new AbortController();
    progress.hidden = stop.hidden = false;
    bar.removeAttribute("value");
    bar.max = total || 1;
    text.textContent = "Reading…";
    try {
      const answer = await fetch(link.href, { signal: stopped.signal, headers: { "HX-Request": "true" } });
      if (!answer.ok) throw new Error(await answer.text());
      let rows = 0;
      const blob = await read(answer, (read) => {
        rows = read;
        if (total) bar.value = Math.min(read, total);
        text.textContent = total ? `${number(Math.min(read, total))} of ${number(total)}` : `${number(read)} rows`;
      });
      keep(blob, answer);
      bar.value = bar.max;
      stop.hidden = true;
      text.textContent = `Done: ${number(Math.ceil(blob.size / 1024))} KB`;
    } catch (failure) {
      stop.hidden = true;
      progress.hidden = stopped.signal.aborted;
      text.textContent = "It broke off";
      if (!stopped.signal.aborted) placet.say(failure.message || "The export broke off; try again.", "bad");
    }
  }

  box.addEventListener("click", (event) => {
    const link = event.target.closest("[data-export-form]");
    if (link) {
      event.preventDefault();
      stopped?.abort();
      load(link);
    } else if (event.target === stop) {
      stopped?.abort();
    }
  });
})();
