// The results of a query: what happens to them is seen without a jump, and who comes back finds his place.
"use strict";

(() => {
  const number = new Intl.NumberFormat("en").format;

  // -- facets are open where there is room -------------------------------------------------------

  const fold = document.querySelector(".facets-fold");
  if (fold && matchMedia("(min-width: 1081px)").matches) fold.open = true;

  // -- rows, and those that are there by now -------------------------------------------------------

  const results = document.querySelector(".results");
  const body = document.getElementById("rows");
  const box = body?.closest(".table-box");
  const AT_ONCE = 500; // rows that one answer has at most
  const MOST = 5000; // rows that are read again

  const rowsOf = (place) => [...(place?.querySelectorAll("tr[data-key]") || [])];
  const rowOf = (key) => rowsOf(body).find((row) => row.dataset.key === key);
  const moreOf = (place) => place?.querySelector("tr.more a");

  /** The rows from the first on, so many or a few more, with the way to those that follow. */
  async function read(count, headers) {
    const made = document.createElement("tbody");
    let next = results.dataset.rowsUrl;
    do {
      const address = new URL(next, location.href);
      const open = count - rowsOf(made).length;
      if (open > 0) address.searchParams.set("rows", Math.min(open, AT_ONCE));
      const answer = await fetch(address, { headers: { "HX-Request": "true", ...headers } });
      if (answer.status === 401) throw Object.assign(new Error(await answer.text()), { isSignedOut: true });
      if (answer.status !== 200) throw new Error(`The server answered ${answer.status}.`);
      placet.goesOn();
      const piece = document.createElement("template");
      piece.innerHTML = `<table><tbody>${await answer.text()}</tbody></table>`;
      made.querySelector("tr.more")?.remove();
      made.append(...piece.content.querySelector("tbody").children);
      next = moreOf(made)?.getAttribute("hx-get");
    } while (next && rowsOf(made).length < count);
    return made;
  }

  function put(made) {
    body.replaceChildren(...made.children);
    htmx.process(body);
  }

  // -- the place where one reads, also for who comes back to it ------------------------------------

  const head = () => box.querySelector("thead").getBoundingClientRect().bottom;

  function place() {
    const row = rowsOf(body).find((each) => each.getBoundingClientRect().bottom > Math.max(0, head()));
    return row && { key: row.dataset.key, top: row.getBoundingClientRect().top };
  }

  function goTo(place) {
    const row = place && rowOf(place.key);
    if (!row) return;
    box.scrollTop += row.getBoundingClientRect().top - place.top;
    scrollBy({ top: row.getBoundingClientRect().top - place.top, behavior: "instant" }); // where it is the page that scrolls
  }

  async function comeBack(kept) {
    history.scrollRestoration = "manual";
    if (kept.count > rowsOf(body).length) put(await read(Math.min(kept.count, MOST)));
    goTo(kept.place);
    rowOf(kept.current)?.classList.add("current");
  }

  if (body && window.sessionStorage) {
    const entry = history.state?.entry || crypto.randomUUID?.() || String(Math.random());
    const kept = JSON.parse(sessionStorage.getItem(`placet ${entry}`) || "null");
    history.replaceState({ ...history.state, entry }, "");
    if (kept) comeBack(kept).catch(() => {});
    addEventListener("pagehide", () => {
      const current = (document.activeElement.closest("#rows tr") || body.querySelector("tr.current"))?.dataset.key;
      sessionStorage.setItem(`placet ${entry}`, JSON.stringify({ count: rowsOf(body).length, place: place(), current }));
    });
  }

  // -- news: what is there changes in its place, what has come or gone is announced ------------------

  const live = document.querySelector("[data-live]");
  const button = document.querySelector("[data-news]");

  if (live && button) {
    const words = live.querySelector("[data-live-text]");
    const first = rowsOf(body).length;
    let timer, isHeard = false, checkedAt = 0;

    const state = (name, text) => {
      live.dataset.state = name;
      words.textContent = text;
      live.hidden = false;
    };

    /** So many rows that those in the window are among them; 0 for as many as a page has. */
    function seen() {
      if (!moreOf(body)) return rowsOf(body).length > first ? rowsOf(body).length + first : 0;
      const end = Math.min(innerHeight, box.getBoundingClientRect().bottom);
      const last = rowsOf(body).findLastIndex((row) => row.getBoundingClientRect().top < end) + 1;
      return last > first ? Math.min(last, AT_ONCE) : 0;
    }

    function failed(failure) {
      if (!failure.isSignedOut) return state("away", "Not up to date");
      state("away", "Signed out");
      placet.ended(failure.message);
    }

    const look = () => {
      timer = undefined;
      checkedAt = Date.now();
      read(seen(), placet.quiet).then(compare).catch(failed);
    };

    const soon = () => {
      timer ??= setTimeout(look, Math.max(400, 2500 - (Date.now() - checkedAt)));
    };

    function change(old, row) {
      const stop = [...old.querySelectorAll("a")].indexOf(document.activeElement);
      row.className = `${old.className} fresh`.trim();
      old.replaceWith(row);
      if (stop >= 0) row.querySelectorAll("a")[stop]?.focus({ preventScroll: true });
    }

    function compare(made) {
      placet.goesOn();
      const then = new Map(rowsOf(body).map((row) => [row.dataset.key, row]));
      const now = rowsOf(made);
      const common = now.findLastIndex((row) => then.has(row.dataset.key));
      const known = [...then.keys()].indexOf(now[common]?.dataset.key) + 1;
      const keys = new Set(now.map((row) => row.dataset.key));
      const whole = !moreOf(made); // without more to come the last row is the last
      const come = now.slice(0, whole || common < 0 ? now.length : common).filter((row) => !then.has(row.dataset.key)).length;
      const gone = [...then.keys()].slice(0, whole ? then.size : known).filter((key) => !keys.has(key)).length;
      for (const row of now) {
        const old = then.get(row.dataset.key);
        if (old && old.textContent !== row.textContent) change(old, row);
      }
      const parts = [come && `${number(come)} new`, gone && `${number(gone)} gone`].filter(Boolean);
      button.hidden = !parts.length;
      if (parts.length) button.textContent = `${parts.join(", ")}: show`;
      if (isHeard) state("live", "Live");
    }

    async function showNews() {
      const [then, at] = [new Set(rowsOf(body).map((row) => row.dataset.key)), place()];
      put(await read(Math.min(then.size, MOST)));
      const come = rowsOf(body).filter((row) => !then.has(row.dataset.key));
      for (const row of come) row.classList.add("fresh");
      goTo(at);
      if (come.length) come[0].scrollIntoView({ block: "nearest" });
      button.hidden = true;
      document.querySelectorAll("[data-refreshed]").forEach((each) => htmx.trigger(each, "refreshed"));
    }

    button.addEventListener("click", () => (body ? showNews().catch(failed) : location.reload()));

    const heard = () => {
      isHeard = true;
      state("live", "Live");
    };
    const lost = () => {
      isHeard = false;
      if (live.dataset.state !== "away") state("away", "Connecting again"); // else it says already what is the matter
    };
    placet.listen(() => live.dataset.live, soon, { heard, lost });
  }
})();
