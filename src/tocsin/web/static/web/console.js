// The little that a page does by itself: the menu on small screens, keyboard shortcuts, the help. Everything else is plain HTML.
(() => {
  "use strict";
  const one = (selector) => document.querySelector(selector);

  const toggleMenu = (open) => {
    const button = one("[data-menu]");
    const now = open ?? button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(now));
    document.body.classList.toggle("menu-open", now);
    if (now) one("#menu a")?.focus();
  };

  const help = () => { const dialog = one("#help"); if (dialog && !dialog.open) dialog.showModal(); };

  const moveRow = (step) => {
    const links = [...document.querySelectorAll("table.rows tbody tr")].map((row) => row.querySelector("a")).filter(Boolean);
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    links[at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + step, 0), links.length - 1)].focus();
  };

  const keys = {
    "/": () => { const box = one("[data-search]"); if (box) { box.focus(); box.select(); } },
    "?": help,
    j: () => moveRow(1),
    k: () => moveRow(-1),
    n: () => one("a[rel=next]")?.click(),
    p: () => one("a[rel=prev]")?.click(),
  };
  let going = 0;

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.classList.contains("menu-open")) { toggleMenu(false); one("[data-menu]").focus(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || one("dialog[open]")) return;
    if (event.target.matches("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
    if (event.key === "g") { going = Date.now(); return; }
    if (/^[1-9]$/.test(event.key) && Date.now() - going < 1500) {
      document.querySelectorAll("#menu a")[Number(event.key) - 1]?.click();
      return;
    }
    const act = keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-menu]")) toggleMenu();
    if (event.target.closest("[data-help]")) help();
  });
})();
