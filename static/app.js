// Verdictory's own script: what links and forms cannot do. Every page works without it.
(function () {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const on = (type, listener, capture) => document.addEventListener(type, listener, capture);

  // Single keys act unless somebody types, or has switched them off under "Keyboard".
  const stored = () => { try { return localStorage.getItem("keys"); } catch { return null; } };
  const keysOn = byId("keys-on");
  byId("keys").hidden = false;
  keysOn.checked = stored() !== "off";
  keysOn.addEventListener("change", () => { try { localStorage.setItem("keys", keysOn.checked ? "on" : "off"); } catch { /* not kept */ } });

  const press = { g: "generate-button", 1: "roll-who", 2: "roll-what", a: "all-rules" };
  on("keydown", (event) => {
    if (event.key === "Escape") {
      const open = document.activeElement.closest("details[open]");
      if (open) {
        open.open = false;
        open.querySelector("summary").focus();
      }
      return;
    }
    if (!keysOn.checked || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest("input:not([type=radio], [type=checkbox]), select, textarea")) return;
    const key = event.key.toLowerCase();
    const target = byId(key === "/" ? "q" : press[key] || "");
    if (!target) return;
    event.preventDefault();
    if (key === "/") target.focus(); else target.click();
  });

  // The policy select goes at once.
  const policy = byId("policy");
  if (policy) policy.addEventListener("change", () => policy.form.submit());

  // A menu closes when somebody clicks elsewhere.
  on("click", (event) => {
    document.querySelectorAll(".seed[open], .menu[open], .keys[open]").forEach((box) => {
      if (!box.contains(event.target)) box.open = false;
    });
    if (event.target.id === "copy") copy(event.target);
  });

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(location.origin + button.dataset.path);
      button.textContent = "Copied";
      byId("live").textContent = "Link copied";
    } catch {
      location.assign(button.dataset.path);
    }
  }
  const showCopy = () => { const button = byId("copy"); if (button) button.hidden = !navigator.clipboard; };
  showCopy();

  // An opened field is ready to be typed into, and the only one open. (A name on the details would close a field that a
  // swap brings open, as long as the old one is there.)
  on("toggle", (event) => {
    if (!event.target.open) return;
    if (event.target.closest(".row")) {
      document.querySelectorAll(".row details[open]").forEach((field) => { if (field !== event.target) field.open = false; });
    }
    const input = event.target.querySelector(".what-if input:not([type=hidden]), .what-if select, .drop input:not([type=hidden])");
    if (!input || document.activeElement === input) return;
    input.focus();
    if (input.type === "text") input.select();
  }, true); // toggle does not bubble

  // A swap that takes the focused element away leaves the focus where it was asked from.
  let asked = "";
  on("htmx:beforeRequest", () => {
    byId("lost").hidden = true;
    byId("alert").replaceChildren();
  });
  on("htmx:beforeSwap", (event) => {
    const active = document.activeElement;
    const row = active.closest(".row");
    asked = row ? row.id + "-value" : active.id;
    // A whole page where a part was asked for comes from something in between, such as a proxy.
    if (/^\s*<(!doctype|html)/i.test(event.detail.serverResponse || "")) {
      event.detail.shouldSwap = false;
      byId("lost").hidden = false;
    }
  });
  on("htmx:afterSettle", (event) => {
    showCopy();
    if (event.detail.target.id === "bench") {
      const box = byId("seed-box");
      if (box && event.detail.xhr && event.detail.xhr.status < 300) box.open = false;
    }
    const target = asked && byId(asked);
    if (target && (document.activeElement === document.body || !document.activeElement)) target.focus({ preventScroll: true });
  });
  for (const type of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    on(type, () => { if (!byId("alert").children.length) byId("lost").hidden = false; });
  }
})();
