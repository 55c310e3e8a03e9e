// What pages do better with a script; without one they do everything all the same.
(() => {
  "use strict";
  const form = document.getElementById("sitting");

  // A slider's range moves its number field, which is the one that is sent.
  for (const range of document.querySelectorAll("[data-mirrors]")) {
    const number = document.getElementById(range.dataset.mirrors);
    range.hidden = false;
    if (number.value) range.value = number.value;
    range.addEventListener("input", () => { number.value = range.value; });
    number.addEventListener("input", () => { range.value = number.value; });
  }

  // A click on a picture writes its coordinates into the field used last, or the first empty one; dots show them all.
  for (const picture of document.querySelectorAll("svg[data-points]")) {
    const dots = [...picture.querySelectorAll(".point")];
    const fields = dots.map((_, place) => document.getElementById(picture.dataset.points + (place + 1)));
    let last = null;
    const draw = () => fields.forEach((field, place) => {
      const [x, y] = field.value.trim().split(/\s+/).map(Number);
      dots[place].setAttribute("display", Number.isFinite(y) ? "inline" : "none");
      if (Number.isFinite(y)) { dots[place].setAttribute("cx", x); dots[place].setAttribute("cy", y); }
    });
    for (const field of fields) {
      field.addEventListener("focus", () => { last = field; });
      field.addEventListener("input", draw);
    }
    picture.addEventListener("click", (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM().inverse());
      const field = last || fields.find((one) => !one.value) || fields[fields.length - 1];
      field.value = `${Math.max(0, Math.round(at.x))} ${Math.max(0, Math.round(at.y))}`;
      last = null;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }

  // A click on an area of a picture does what a click on its line below does.
  for (const area of document.querySelectorAll("[data-picks]")) {
    const field = document.getElementById(area.dataset.picks);
    area.addEventListener("click", () => { field.focus(); if (field.type === "radio" || field.type === "checkbox") field.click(); });
  }

  clock();
  if (form) sitting(form);

  // The time left: shown in calm steps, spoken at ten, five and one minute and thirty seconds, and when asked for.
  function clock() {
    const face = document.getElementById("clock");
    if (!face) return;
    const voice = document.getElementById("spoken");
    const ask = document.getElementById("say-time");
    const end = performance.now() + 1000 * Number(face.dataset.seconds);
    let before = Number(face.dataset.seconds) + 1;
    const show = () => {
      const left = Math.max(0, Math.round((end - performance.now()) / 1000));
      const step = left >= 120 ? Math.floor(left / 60) : Math.ceil(left / 10) * 10;
      const words = (left >= 120 ? face.dataset.minutes : face.dataset.under).replace("#", step);
      if (face.textContent !== words) face.textContent = words;
      for (const mark of [600, 300, 60, 30]) {
        if (before > mark && left <= mark && left > mark - 20) voice.textContent = voice.getAttribute(`data-at-${mark}`);
      }
      before = left;
      if (performance.now() < end + 1000) return;
      clearInterval(ticking);
      if (form) form.requestSubmit(form.querySelector("[value=answer]"));
    };
    const ticking = setInterval(show, 1000);
    show();
    ask.hidden = false;
    addEventListener("keydown", (event) => { if (event.altKey && event.code === "KeyT") { event.preventDefault(); ask.click(); } });
    ask.addEventListener("click", () => { voice.textContent = ""; setTimeout(() => { voice.textContent = face.textContent; }, 50); });
  }

  // Drafts while typing; an answer that finds no network waits here under its id and is sent until it is acknowledged.
  function sitting(sheet) {
    const place = `assay:answer:${sheet.getAttribute("action")}`;
    const banner = document.getElementById("network");
    const kept = document.getElementById("kept");
    const body = (button) => {
      const data = new URLSearchParams(new FormData(sheet));
      if (button && button.name) data.set(button.name, button.value);
      return data;
    };
    let sending = false;
    let pause = 1000;
    let typing;

    const draft = () => {
      if (sending) return;
      fetch(`${sheet.getAttribute("action")}/draft`, { method: "POST", body: body(), keepalive: true })
        .then((answer) => { kept.textContent = answer.ok ? kept.dataset.kept : ""; }, () => { kept.textContent = ""; });
    };
    sheet.addEventListener("input", () => { kept.textContent = ""; clearTimeout(typing); typing = setTimeout(draft, 500); });
    addEventListener("pagehide", () => { if (typing && !sending) draft(); });

    const forget = () => { try { localStorage.removeItem(place); } catch { /* no storage, nothing kept */ } };
    const leave = () => { forget(); location.replace(sheet.getAttribute("action")); };

    async function send(data) {
      let answer;
      data.set("csrf", sheet.elements.csrf.value);
      try {
        answer = await fetch(sheet.getAttribute("action"), { method: "POST", body: data, redirect: "manual" });
      } catch {
        answer = { status: 599 };
      }
      if (answer.type === "opaqueredirect" || answer.ok) return leave();
      if (answer.status < 500) return refused(data);
      banner.hidden = false;
      setTimeout(() => send(data), pause);
      pause = Math.min(pause * 2, 15000);
    }

    // Told why not: the ordinary way shows the page that says so. What waited from an earlier visit is let go.
    function refused(data) {
      forget();
      if (data.get("id") !== sheet.elements.id.value) return leave();
      for (const name of ["action", "blank"]) {
        if (!data.has(name)) continue;
        const field = Object.assign(document.createElement("input"), { type: "hidden", name, value: data.get(name) });
        sheet.append(field);
      }
      HTMLFormElement.prototype.submit.call(sheet);
    }

    sheet.addEventListener("submit", (event) => {
      const button = event.submitter;
      if (button && button.value === "save") return;
      event.preventDefault();
      if (sending) return;
      sending = true;
      clearTimeout(typing);
      const data = body(button);
      try { localStorage.setItem(place, data.toString()); } catch { /* sent all the same */ }
      for (const one of sheet.querySelectorAll("button")) one.setAttribute("aria-disabled", "true");
      send(data);
    });

    let waiting = null;
    try { waiting = localStorage.getItem(place); } catch { /* no storage */ }
    if (waiting) {
      sending = true;
      banner.hidden = false;
      send(new URLSearchParams(waiting));
    }
    addEventListener("online", () => { pause = 1000; });
  }
})();
