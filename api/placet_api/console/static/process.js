// The page of a process: forms of actions open in a dialog, single keys open them, and the page looks again by itself.
"use strict";

(() => {
  const root = document.documentElement;

  document.addEventListener("htmx:afterSwap", (event) => {
    const dialog = event.detail.target.id === "sheet" && document.getElementById("act");
    if (!dialog) return;
    dialog.showPopover();
    dialog.querySelector("input:not([type=hidden]), textarea, select, .dialog-foot button")?.focus();
  });

  // A dialog lies over what is said in passing, so that a refusal is told in the form as well.
  document.addEventListener("htmx:responseError", (event) => {
    const fault = event.detail.elt.querySelector?.("[data-fault]");
    if (!fault) return;
    fault.textContent = event.detail.xhr.responseText;
    fault.hidden = false;
  });

  // -- what happens meanwhile: one that is being acted on does not move -----------------------------

  let source, timer;

  function look() {
    timer = undefined;
    if (document.querySelector("dialog:popover-open")) soon();
    else htmx.trigger(document.getElementById("process"), "look");
  }

  function soon() {
    timer ??= setTimeout(look, 400);
  }

  function open() {
    source?.close();
    source = new EventSource(document.getElementById("process").dataset.live);
    source.onopen = source.onmessage = soon; // something may have happened between the page and its stream
  }

  if (document.getElementById("process") && window.EventSource) {
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) return source?.close();
      open();
      soon();
    });
    addEventListener("pagehide", () => source?.close());
    addEventListener("pageshow", (event) => event.persisted && open());
    open();
  }

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
