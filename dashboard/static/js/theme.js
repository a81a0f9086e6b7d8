// Sets the theme before anything is drawn. Loaded plainly, so it runs first.
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const chosen = localStorage.getItem("theme") || "auto";
    document.documentElement.dataset.theme = chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen;
  };
  apply();
  dark.addEventListener("change", () => { apply(); document.dispatchEvent(new CustomEvent("themechange")); });
  window.trailmapTheme = (name) => { localStorage.setItem("theme", name); apply(); document.dispatchEvent(new CustomEvent("themechange")); };
})();
