// Draws every <figure data-chart> with Vega-Lite. Expressions are interpreted, not compiled, so that no page may evaluate text.
(() => {
  "use strict";
  const style = () => {
    const read = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();
    const text = read("--tblr-secondary") || "#667";
    const line = read("--tblr-border-color") || "#ccd";
    const font = getComputedStyle(document.body).fontFamily;
    return {
      background: "transparent",
      font,
      view: { stroke: null },
      axis: { labelColor: text, titleColor: text, gridColor: line, domainColor: line, tickColor: line, labelFontSize: 11 },
      legend: { labelColor: text, titleColor: text, symbolType: "square" },
    };
  };

  const draw = (figure) => {
    const box = figure.querySelector(".chart-drawing");
    const data = figure.querySelector('script[type="application/json"]');
    if (!box || !data) return;
    const spec = { ...JSON.parse(data.textContent), width: "container", height: Number(box.dataset.height), config: style(),
      autosize: { type: "fit-x", contains: "padding" } };
    window.vegaEmbed(box, spec, { actions: false, ast: true, renderer: "svg", defaultStyle: false,
      tooltip: { disableDefaultStyle: true, theme: "console" } });
  };

  const drawAll = () => document.querySelectorAll("figure[data-chart]").forEach(draw);
  const ready = () => (document.fonts ? document.fonts.ready.then(drawAll) : drawAll());
  ready();
  new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  document.addEventListener("htmx:afterSwap", drawAll);
})();
