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

  function say(text, tone = "good") {
    const toast = document.createElement("p");
    toast.className = "toast";
    toast.dataset.tone = tone;
    toast.textContent = text;
    toasts.append(toast);
    leave(toast);
  }

  toasts?.querySelectorAll(".toast").forEach(leave);
  document.addEventListener("toast", (event) => say(event.detail.text, event.detail.tone));

  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = event.detail;
    const isText = (xhr.getResponseHeader("content-type") || "").startsWith("text/plain");
    say(isText && xhr.responseText ? xhr.responseText : "The server did not answer as expected; reload the page.", "bad");
  });
  document.addEventListener("htmx:sendError", () => say("The server cannot be reached; try again in a moment.", "bad"));

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
    "?": () => document.getElementById("keys")?.togglePopover(),
    "/": () => {
      const bar = document.querySelector("[data-query-bar]");
      if (!bar) location.assign(`${home}query`);
      else if (bar.focusBar) bar.focusBar();
      else bar.focus();
    },
  };

  document.addEventListener("keydown", (event) => {
    if (root.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const at = event.composedPath()[0];
    if (at.isContentEditable || at.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select")) return;
    if (event.key === "Enter" && at.closest?.("a, button, summary, input")) return;
    if (document.querySelector("dialog:popover-open, .menu:popover-open") && event.key !== "?") return;
    if (went && event.timeStamp - went < 1500) {
      went = 0;
      const link = document.querySelector(`.side a[data-key="${CSS.escape(event.key)}"]`);
      if (link) {
        event.preventDefault();
        link.click();
      }
      return;
    }
    if (event.key === "g") {
      went = event.timeStamp;
      return;
    }
    const act = keys[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });

  window.placet = { say, home };
})();
