// Says when a live page is no longer live. Everything else works without this.
(() => {
  "use strict";
  const patience = 30000; // the node sends at least every 10 seconds
  let heard = Date.now();

  const say = (text) => {
    const state = document.getElementById("live-state");
    if (!state || state.textContent === text) return;
    state.textContent = text;
    state.hidden = text === "";
  };

  const check = () => {
    if (!document.getElementById("live")) return;
    if (Date.now() - heard > patience) {
      say("Not live: the node has not been heard for a while. What you see may be out of date; reload the page.");
    }
  };

  document.addEventListener("htmx:sse:after:message", () => {
    heard = Date.now();
    document.documentElement.dataset.live = "yes";
    say("");
  });
  document.addEventListener("htmx:sse:error", () => {
    document.documentElement.dataset.live = "no";
    say("Not live: the connection to the node is lost, trying again. If this stays, reload the page.");
  });
  document.addEventListener("htmx:sse:close", () => {
    document.documentElement.dataset.live = "no";
  });
  setInterval(check, 5000);
})();
