// Runs before the first paint, so that a dark page never flashes white. src/theme/theme.ts takes over later.
(() => {
  let choice = "system";
  let language = "";
  try {
    choice = localStorage.getItem("millrace.theme") || choice;
    language = localStorage.getItem("millrace.language") || "";
  } catch {}
  const dark =
    choice === "dark" || (choice === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.documentElement.lang = language || (navigator.language.startsWith("ko") ? "ko" : "en");
})();
