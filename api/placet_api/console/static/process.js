// The page of a process: forms of actions open in a dialog, single keys open them, and the page looks again by itself.
"use strict";

(() => {
  const root = document.documentElement;
  const sheet = document.getElementById("sheet");

  // -- forms in a dialog: one that was closed with words in it has them when it is opened again ----------

  const kept = new Map(); // by the address of the form

  const isChosen = (select) => select.selectedIndex !== Math.max(0, [...select.options].findIndex((each) => each.defaultSelected));
  const isFilledIn = (dialog) =>
    [...dialog.querySelectorAll("input:not([type=hidden]), textarea")].some((each) => each.value !== each.defaultValue) ||
    [...dialog.querySelectorAll("select")].some(isChosen);

  function openSheet(address) {
    const dialog = document.getElementById("act");
    if (!dialog) return;
    dialog.addEventListener("toggle", (event) => {
      if (event.newState !== "closed") return;
      if (isFilledIn(dialog)) kept.set(address, dialog);
      else kept.delete(address);
    });
    show(dialog);
  }

  function show(dialog) {
    dialog.showPopover();
    dialog.querySelector("input:not([type=hidden]), textarea, select, .dialog-foot button")?.focus();
  }

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target !== sheet) return;
    const had = kept.get(event.detail.elt.getAttribute("hx-get"));
    if (!had) return;
    event.preventDefault();
    sheet.replaceChildren(had);
    htmx.process(had);
    show(had);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target === sheet) sheet.replaceChildren(); // before the script that swaps takes it to pieces
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === sheet) openSheet(event.detail.requestConfig.elt.getAttribute("hx-get"));
  });

  // A dialog lies over what is said in passing, so that a refusal is told in the form as well.
  document.addEventListener("htmx:responseError", (event) => {
    const { elt, xhr } = event.detail;
    const fault = elt.querySelector?.("[data-fault]");
    if (!fault) return;
    fault.replaceChildren(xhr.responseText, ...(xhr.status === 401 ? [" ", placet.signIn()] : []));
    fault.hidden = false;
  });

  // -- what happens meanwhile: one that is being acted on does not move -----------------------------

  let timer;

  function look() {
    timer = undefined;
    if (document.querySelector("dialog:popover-open")) soon();
    else htmx.trigger(document.getElementById("process"), "look");
  }

  function soon() {
    timer ??= setTimeout(look, 400);
  }

  if (document.getElementById("process")) placet.listen(() => document.getElementById("process").dataset.live, soon);

  // -- what the reader has before him stays: what he has opened, where the focus is, and what he reads ----

  let before;

  const process = () => document.getElementById("process");
  const name = (place) => place.getAttribute("aria-labelledby") || `${place.querySelector("time")?.dateTime} ${place.textContent}`;
  const places = () => [...process().querySelectorAll("section[aria-labelledby], .comments li, .timeline li")];
  const again = (each) => each && [...process().querySelectorAll(each.tag)].find(each.is);

  /** How the element with the focus is found in the new page: by its id, else by where it leads and what it says. */
  function focused() {
    const at = document.activeElement;
    if (!process().contains(at) || at.closest("[hx-preserve]")) return null;
    const [id, href, text] = [at.id, at.getAttribute("href"), at.textContent];
    return { tag: at.tagName, is: (other) => (id ? other.id === id : other.getAttribute("href") === href && other.textContent === text) };
  }

  /** What begins nearest to the middle of the window; nothing where one is at the top, which new things may move. */
  function read() {
    const apart = ({ top }) => Math.abs(top - innerHeight / 2);
    const tops = scrollY > 0 ? places().map((each) => ({ name: name(each), top: each.getBoundingClientRect().top })) : [];
    return tops.sort((one, other) => apart(one) - apart(other))[0];
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== process()) return;
    before = { opened: [...process().querySelectorAll("details[open]")].map((each) => each.id), focus: focused(), read: read() };
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!before || event.detail.target?.id !== "process") return;
    for (const id of before.opened) document.getElementById(id)?.setAttribute("open", "");
    again(before.focus)?.focus({ preventScroll: true });
    const place = before.read && places().find((each) => name(each) === before.read.name);
    if (place) scrollBy({ top: place.getBoundingClientRect().top - before.read.top, behavior: "instant" });
    before = undefined;
  });

  // -- keys ------------------------------------------------------------------------------------------

  document.addEventListener("keydown", (event) => {
    if (root.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.defaultPrevented || event.target.closest?.("input, textarea, select, dialog")) return;
    const button = document.querySelector(`#process [data-action-key="${CSS.escape(event.key)}"]`);
    if (button) {
      event.preventDefault();
      button.click();
    }
  });
})();
