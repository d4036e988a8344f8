// The form of a connector: further rows for parameters, as many as it takes.
"use strict";

(() => {
  const more = document.querySelector("[data-more]");
  if (!more) return;
  const rows = document.getElementById(more.dataset.more);
  more.hidden = false;
  more.addEventListener("click", () => {
    const row = rows.lastElementChild.cloneNode(true);
    const number = rows.children.length + 1;
    row.querySelectorAll("[aria-label]").forEach((field) => {
      field.setAttribute("aria-label", field.getAttribute("aria-label").replace(/parameter \d+/, `parameter ${number}`));
      if (field.tagName === "SELECT") field.selectedIndex = [...field.options].findIndex((each) => each.value === "query" || each.value === "string" || each.value === "false");
      else field.value = "";
    });
    rows.append(row);
    row.querySelector("input").focus();
  });
})();
