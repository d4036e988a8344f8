// Pages that look again by themselves: what is there changes in its place, what has come or gone is announced.
"use strict";

(() => {
  const place = () => document.querySelector("[data-follow]");
  if (!place()) return;
  const button = document.querySelector("[data-news]");
  const atLeast = 1000 * Number(place().dataset.followSeconds); // between two looks
  let timer, fresh, lookedAt = Date.now();

  const pieces = (of) => new Map([...of.querySelectorAll("[data-piece]")].map((each) => [each.dataset.piece, each]));
  const said = (piece) => piece.textContent.replace(/\s+/g, " ");
  const stops = (of) => [...of.querySelectorAll("a[href], input, button, summary, [tabindex='0']")];

  async function look() {
    timer = undefined;
    lookedAt = Date.now();
    const answer = await fetch(place().dataset.followFrom, { headers: { "HX-Request": "true", ...placet.quiet } });
    const text = await answer.text();
    if (answer.status === 401) placet.ended(text);
    else if (answer.ok) {
      placet.goesOn();
      compare(new DOMParser().parseFromString(text, "text/html").querySelector("[data-follow]"));
    }
  }

  /** Put a piece in the place of another: what was opened, ticked or had the focus is so again. */
  function change(old, now) {
    const [had, at] = [stops(old), stops(old).indexOf(document.activeElement)];
    const opened = [...old.querySelectorAll("details")].map((each) => each.open);
    now.className = old.className;
    old.replaceWith(now);
    now.querySelectorAll("details").forEach((each, number) => (each.open = opened[number]));
    stops(now).forEach((each, number) => {
      if (each.type === "checkbox") each.checked = Boolean(had[number]?.checked);
    });
    if (at >= 0) stops(now)[at]?.focus({ preventScroll: true });
  }

  function compare(made) {
    const [then, now] = [pieces(place()), pieces(made)];
    const come = [...now.keys()].filter((key) => !then.has(key)).length;
    const gone = [...then.keys()].filter((key) => !now.has(key)).length;
    fresh = made.cloneNode(true);
    for (const [key, piece] of now) if (then.has(key) && said(then.get(key)) !== said(piece)) change(then.get(key), piece);
    if (!button) return;
    button.hidden = !come && !gone;
    const text = [come && `${come} new`, gone && `${gone} gone`].filter(Boolean).join(", ");
    if (text) button.textContent = `${text}: show`;
  }

  button?.addEventListener("click", () => {
    const ticked = new Set([...place().querySelectorAll("input:checked")].map((each) => each.value));
    const typed = place().querySelector("input[type=text]")?.value || "";
    place().replaceWith(fresh);
    for (const box of fresh.querySelectorAll("input[type=checkbox]")) box.checked = ticked.has(box.value);
    const field = fresh.querySelector("input[type=text]");
    if (field) field.value = typed;
    button.hidden = true;
    fresh.querySelector("a[href]")?.focus({ preventScroll: true });
  });

  const soon = () => {
    timer ??= setTimeout(() => look().catch(() => {}), Math.max(400, atLeast - (Date.now() - lookedAt)));
  };

  placet.listen(() => place().dataset.follow, soon);
})();
