// Draws every element with data-chart; colours are the console's own, read anew when the theme changes.
(() => {
  "use strict";
  const drawn = new Map();

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const strokes = () => [colour("--accent"), colour("--soft"), colour("--faint")];

  const font = '12px Inter, sans-serif';
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
  const hour = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

  // Days where a day or more lies between two ticks, else hours with the day where one begins.
  const ticks = (_, splits, __, ___, step) =>
    splits.map((at) => {
      const moment = new Date(at * 1000);
      return step >= 86400 || moment.getHours() === 0 ? day.format(moment) : hour.format(moment);
    });

  const options = (data, width) => ({
    width,
    height: 200,
    cursor: { y: false },
    legend: { live: true },
    series: [
      { label: "From", value: (_, at) => (at == null ? "–" : `${day.format(at * 1000)} ${hour.format(at * 1000)}`) },
      ...data.series.map((each, number) => ({
        label: each.title,
        stroke: each.tone ? colour(`--${each.tone}`) : strokes()[number],
        width: 1.75,
        spanGaps: true,
        value: (_, value) => (value == null ? "–" : String(value)),
        points: { show: data.times.length < 12 },
      })),
    ],
    axes: [
      { font, values: ticks, stroke: colour("--soft"), grid: { show: false }, ticks: { stroke: colour("--line") } },
      { font, stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, size: 48 },
    ],
  });

  const draw = (box) => {
    const data = JSON.parse(box.dataset.chart);
    drawn.get(box)?.destroy();
    box.textContent = "";
    const width = Math.max(240, Math.floor(box.clientWidth));
    drawn.set(box, new window.uPlot(options(data, width), [data.times, ...data.series.map((each) => each.values)], box));
  };

  const drawAll = () => {
    for (const box of [...drawn.keys()]) if (!box.isConnected) { drawn.get(box).destroy(); drawn.delete(box); }
    document.querySelectorAll("[data-chart]").forEach(draw);
  };

  let waits;
  const soon = () => { clearTimeout(waits); waits = setTimeout(drawAll, 120); };
  addEventListener("resize", soon);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", soon);
  new MutationObserver(soon).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  document.addEventListener("htmx:afterSettle", soon);
  drawAll();
})();
