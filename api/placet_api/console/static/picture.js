// A diagram begins where it matters: at what the process stands on, else at its start.
"use strict";

(() => {
  let left = null; // where the reader has moved the picture to, and what it showed then

  const marked = (picture) => [...picture.querySelectorAll(".here")];
  const about = (picture) => marked(picture).map((each) => each.dataset.activity).join(" ");

  function turn(picture) {
    const stands = marked(picture)[0];
    const target = stands || picture.querySelector("g.start");
    if (!target) return;
    const [box, place] = [picture.getBoundingClientRect(), target.getBoundingClientRect()];
    picture.scrollLeft += place.left + place.width / 2 - (box.left + box.width / 2);
    picture.scrollTop += stands ? place.top + place.height / 2 - (box.top + box.height / 2) : 0;
  }

  const picture = () => document.querySelector(".picture");

  document.addEventListener("htmx:beforeSwap", () => {
    const now = picture();
    left = now && { about: about(now), x: now.scrollLeft, y: now.scrollTop };
  });
  document.addEventListener("htmx:afterSwap", () => {
    const now = picture();
    if (!now || !left) return;
    if (about(now) === left.about) now.scrollTo(left.x, left.y);
    else turn(now);
  });
  if (picture()) turn(picture());
})();
