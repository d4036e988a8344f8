// What every page does beyond its links and forms. Nothing here is needed to read a page or to send a form.
"use strict";

(() => {
  const root = document.documentElement;
  const home = root.dataset.root || "/console/";

  // -- the reader's zone, for the times that the server writes -----------------------------------

  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.includes("placet_zone=")) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `placet_zone=${zone}; Path=${home.replace(/\/$/, "")}; Max-Age=31536000; SameSite=Strict${secure}`;
  }

  // -- what is said in passing -------------------------------------------------------------------

  const toasts = document.getElementById("toasts");

  function leave(toast) {
    let timer = setTimeout(() => toast.remove(), 8000);
    toast.addEventListener("pointerenter", () => clearTimeout(timer));
    toast.addEventListener("pointerleave", () => (timer = setTimeout(() => toast.remove(), 3000)));
  }

  function show(text, tone) {
    const toast = document.createElement("p");
    toast.className = "toast";
    toast.dataset.tone = tone;
    toast.textContent = text;
    toasts.append(toast);
    return toast;
  }

  function say(text, tone = "good") {
    leave(show(text, tone));
  }

  // -- a session that has ended: the page stays as it is, and says so until the server answers again --

  function signIn() {
    const link = document.createElement("a");
    link.href = `${home}sign-in`;
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = "Sign in";
    return link;
  }

  function ended(text) {
    if (toasts.querySelector("[data-ended]")) return;
    const toast = show(`${text} `, "warn");
    toast.dataset.ended = "";
    toast.append(signIn());
  }

  function goesOn() {
    toasts.querySelector("[data-ended]")?.remove();
  }

  document.addEventListener("htmx:afterRequest", (event) => event.detail.successful && goesOn());

  toasts?.querySelectorAll(".toast").forEach(leave);
  document.addEventListener("toast", (event) => say(event.detail.text, event.detail.tone));

  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = event.detail;
    if (xhr.status === 401) return ended(xhr.responseText);
    const isText = (xhr.getResponseHeader("content-type") || "").startsWith("text/plain");
    say(isText && xhr.responseText ? xhr.responseText : "The server did not answer as expected; reload the page.", "bad");
  });
  document.addEventListener("htmx:sendError", () => say("The server cannot be reached; try again in a moment.", "bad"));

  // What a page asks for by itself is no use of the session, which ends while nobody is there.
  const quiet = { "Placet-Quiet": "1" };
  document.addEventListener("htmx:configRequest", (event) => {
    if (["look", "refreshed"].includes(event.detail.triggeringEvent?.type)) Object.assign(event.detail.headers, quiet);
  });

  // -- what happens meanwhile: heard while the page is seen -----------------------------------------

  const AGAIN = 5000; // after so long a stream that was refused is asked for again

  /** Have `news` told of each event, of each beginning and of each refusal: a look of the page says why. */
  function listen(address, news, { heard = () => {}, lost = () => {} } = {}) {
    if (!window.EventSource) return;
    let source, timer;

    function end() {
      clearTimeout(timer);
      source?.close();
    }

    function begin() {
      end();
      source = new EventSource(address());
      source.onopen = () => {
        heard();
        news(); // something may have happened between the page and its stream
      };
      source.onmessage = news;
      source.onerror = () => {
        lost();
        if (source.readyState !== EventSource.CLOSED) return; // the browser asks again by itself
        timer = setTimeout(begin, AGAIN);
        news();
      };
    }

    document.addEventListener("visibilitychange", () => (document.hidden ? end() : begin()));
    addEventListener("pagehide", end);
    addEventListener("pageshow", (event) => event.persisted && begin());
    begin();
  }

  // -- forms: once is enough, and some ask first -------------------------------------------------

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const question = event.submitter?.dataset.confirm || form.dataset.confirm;
    if (question && !confirm(question)) {
      event.preventDefault();
      return;
    }
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "true";
  });
  // One that a script sends counts as sent until it is refused: its answer comes before the page that it leads to.
  const sentByScript = (event) => event.detail.elt.matches("form[hx-post]") && event.detail.elt;
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (sentByScript(event)) event.detail.elt.dataset.sent = "true";
  });
  const dropSecond = (event) => {
    if (!event.target.matches("form[hx-post][data-sent]")) return;
    event.preventDefault();
    event.stopPropagation();
  };
  document.addEventListener("submit", dropSecond, { capture: true }); // before the script that would put it in a queue
  document.addEventListener("htmx:afterRequest", (event) => {
    const leads = event.detail.successful && event.detail.xhr.getResponseHeader("HX-Redirect");
    if (!leads && sentByScript(event)) delete event.detail.elt.dataset.sent;
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

  // -- a form that is drawn anew keeps what was filled in while the server drew it --------------------

  const controls = (fields) =>
    [...fields.querySelectorAll("input:not([type=hidden]), select, textarea")].map((each) => {
      const ticks = each.type === "checkbox" || each.type === "radio";
      return { key: `${each.name} ${ticks ? each.value : ""}`, control: each, what: ticks ? "checked" : "value" };
    });
  let sent = new Map();
  let late = [];

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target.id === "fields") sent = new Map(controls(event.detail.target).map(({ key, control, what }) => [key, control[what]]));
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "fields") return;
    late = controls(event.detail.target).filter(({ key, control, what }) => sent.get(key) !== control[what]);
  });
  document.addEventListener("htmx:afterSwap", () => {
    const fields = late.length && document.getElementById("fields");
    if (!fields) return;
    const now = new Map(controls(fields).map(({ key, control }) => [key, control]));
    for (const { key, control, what } of late) if (now.has(key)) now.get(key)[what] = control[what];
    late = [];
  });

  /** Whether somebody has changed a field since the page came. */
  function isChanged(field) {
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.tagName !== "SELECT") return field.value !== field.defaultValue;
    const given = [...field.options].filter((each) => each.defaultSelected);
    if (!given.length && !field.multiple) return field.selectedIndex > 0;
    return [...field.options].some((each) => each.selected !== each.defaultSelected);
  }

  // What was filled in before htmx listened, or by the browser on the way back, is a change as well.
  document.addEventListener("htmx:load", ({ target }) => {
    if (target !== document.body) return;
    for (const form of document.querySelectorAll("[hx-trigger='change']")) {
      const fields = [...form.querySelectorAll("input:not([type=hidden]), select, textarea")];
      fields.find(isChanged)?.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });

  document.querySelector("form[method=post] [aria-invalid]")?.focus(); // what has to be mended first

  // -- fields that complete what is typed: people and groups as the server knows them, zones as the browser does ----

  let asked;

  function offer(input, found) {
    const list = input.list || document.createElement("datalist");
    list.id = `${input.id}-offered`;
    list.replaceChildren(...found.map(({ value, label }) => new Option(label, value)));
    input.after(list);
    input.setAttribute("list", list.id);
  }

  async function complete(input) {
    asked?.abort();
    asked = new AbortController();
    const address = new URL(input.dataset.names, location.href);
    address.searchParams.set("q", input.value);
    try {
      const answer = await fetch(address, { signal: asked.signal, headers: { "HX-Request": "true" } });
      if (answer.ok) offer(input, await answer.json());
    } catch {
      // he types on, or the server is away: there is nothing to offer
    }
  }

  for (const event of ["focusin", "input"]) {
    document.addEventListener(event, ({ target }) => {
      if (target.matches("input[data-names]")) complete(target);
      else if (target.id === "zone" && !target.list) offer(target, Intl.supportedValuesOf("timeZone").map((value) => ({ value, label: value })));
    });
  }

  // -- what fills a dialog by a script opens it ---------------------------------------------------

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showPopover();
  });

  // -- a dialog keeps the focus until it is closed; the browser gives it back ------------------------

  const STOPS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";

  document.addEventListener("keydown", (event) => {
    const dialog = event.key === "Tab" && document.querySelector("dialog:popover-open");
    if (!dialog) return;
    const stops = [...dialog.querySelectorAll(STOPS)].filter((each) => !each.disabled && each.checkVisibility());
    const [first, last] = [stops[0], stops.at(-1)];
    const at = document.activeElement;
    const next = !dialog.contains(at) || at === (event.shiftKey ? first : last) ? (event.shiftKey ? last : first) : null;
    if (next) {
      event.preventDefault();
      next.focus();
    }
  });

  // -- times are exact where one points at them, and where one presses: by hand one of them, by its key all ---

  document.addEventListener("click", (event) => {
    const time = event.target.closest?.("time[title]");
    if (time && !time.closest("a, button, summary, label")) time.toggleAttribute("data-exact");
  });

  // -- keys --------------------------------------------------------------------------------------

  let went = 0; // when `g` was pressed last

  const rows = () => [...document.querySelectorAll("table[data-rows] tbody tr")].filter((row) => row.offsetParent);
  const current = () => document.querySelector("table[data-rows] tbody tr.current");

  function step(by) {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(current());
    const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + by))];
    current()?.classList.remove("current");
    next.classList.add("current");
    const target = next.querySelector("a[href], input, button");
    target?.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  const keys = {
    j: () => step(1),
    k: () => step(-1),
    Enter: () => current()?.querySelector("a[href]")?.click(),
    x: () => current()?.querySelector("input[type=checkbox]")?.click(),
    i: () => root.toggleAttribute("data-exact"),
    "?": () => document.getElementById("keys")?.togglePopover(),
    "/": () => {
      const bar = document.querySelector("[data-query-bar]");
      if (!bar) location.assign(`${home}query`);
      else if (bar.focusBar) bar.focusBar();
      else bar.focus();
    },
  };

  /** An answer with this letter only comes under the hand: nothing is sent before Enter. */
  function answer(key) {
    const place = document.querySelector(`[data-focus-key="${CSS.escape(key)}"]`);
    const control = place?.matches("div") ? place.querySelector("input, textarea") : place;
    return control && (() => control.focus());
  }

  document.addEventListener("keydown", (event) => {
    if (root.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const at = event.composedPath()[0];
    if (at.isContentEditable || at.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select")) return;
    if (event.key === "Enter" && at.type === "checkbox" && at.closest("table[data-rows]")) {
      event.preventDefault();
      at.closest("tr").querySelector("a[href]")?.click();
      return;
    }
    if (event.key === "Enter" && at.closest?.("a, button, summary, input")) return;
    if (document.querySelector("dialog:popover-open, .menu:popover-open") && event.key !== "?") return;
    if (went && event.timeStamp - went < 1500) {
      went = 0;
      if (event.key.length === 1) event.preventDefault(); // it is no key of its own then, wherever it leads
      document.querySelector(`.side a[data-key="${CSS.escape(event.key)}"]`)?.click();
      return;
    }
    if (event.key === "g") {
      went = event.timeStamp;
      return;
    }
    const act = keys[event.key] || answer(event.key);
    if (act) {
      event.preventDefault();
      act();
    }
  });

  window.placet = { say, quiet, ended, goesOn, listen, signIn, home };
})();
