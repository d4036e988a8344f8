// The results of a query: news of them without a jump, and files with their progress.
"use strict";

(() => {
  const number = new Intl.NumberFormat("en").format;

  // -- facets are open where there is room -------------------------------------------------------

  const fold = document.querySelector(".facets-fold");
  if (fold && matchMedia("(min-width: 1081px)").matches) fold.open = true;

  // -- news --------------------------------------------------------------------------------------

  const live = document.querySelector("[data-live]");
  const body = document.getElementById("rows");
  const button = document.querySelector("[data-news]");

  if (live && button && window.EventSource) {
    const words = live.querySelector("[data-live-text]");
    let source, timer, fresh, checkedAt = 0;

    const state = (name, text) => {
      live.dataset.state = name;
      words.textContent = text;
      live.hidden = false;
    };

    const look = () => {
      timer = undefined;
      checkedAt = Date.now();
      fetch(live.dataset.rowsUrl, { headers: { "HX-Request": "true" } })
        .then((answer) => (answer.ok ? answer.text() : Promise.reject(answer.status)))
        .then(compare)
        .catch(() => state("away", "Not up to date"));
    };

    const soon = () => {
      timer ??= setTimeout(look, Math.max(400, 2500 - (Date.now() - checkedAt)));
    };

    const texts = (rows) => new Map([...rows].map((row) => [row.dataset.key, row.textContent]));

    function compare(html) {
      const made = document.createElement("template");
      made.innerHTML = `<table><tbody>${html}</tbody></table>`;
      const then = texts(body ? body.querySelectorAll("tr[data-key]") : []);
      const now = texts(made.content.querySelectorAll("tr[data-key]"));
      const come = [...now.keys()].filter((key) => !then.has(key)).length;
      const changed = [...now].filter(([key, text]) => then.has(key) && then.get(key) !== text).length;
      const first = [...then.keys()].slice(0, now.size);
      const gone = now.size && come === 0 ? first.filter((key) => !now.has(key)).length : now.size ? 0 : then.size;
      fresh = made;
      const parts = [come && `${number(come)} new`, changed && `${number(changed)} changed`, gone && `${number(gone)} gone`].filter(Boolean);
      button.hidden = !parts.length;
      button.textContent = `${parts.join(", ")}: show`;
      state("live", "Live");
    }

    button.addEventListener("click", () => {
      if (!body) return location.reload();
      const then = texts(body.querySelectorAll("tr[data-key]"));
      body.replaceChildren(...fresh.content.querySelector("tbody").children);
      for (const row of body.querySelectorAll("tr[data-key]")) {
        if (then.get(row.dataset.key) !== row.textContent) row.classList.add("fresh");
      }
      htmx.process(body);
      button.hidden = true;
      document.querySelectorAll("[data-refreshed]").forEach((each) => htmx.trigger(each, "refreshed"));
      const results = body.closest(".results");
      body.closest(".table-box").scrollTop = 0;
      if (results.getBoundingClientRect().top < 0) results.scrollIntoView();
    });

    const open = () => {
      source?.close();
      source = new EventSource(live.dataset.live);
      source.onopen = () => {
        state("live", "Live");
        soon(); // something may have happened between the page and its stream
      };
      source.onerror = () => state("away", source.readyState === EventSource.CLOSED ? "Not live: reload the page" : "Connecting again");
      source.onmessage = soon;
    };

    document.addEventListener("visibilitychange", () => {
      if (document.hidden) return source?.close();
      open();
      soon();
    });
    addEventListener("pagehide", () => source?.close());
    addEventListener("pageshow", (event) => event.persisted && open());
    open();
  }

  // -- files, with how far they are --------------------------------------------------------------

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
