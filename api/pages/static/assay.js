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
    let end = performance.now() + 1000 * Number(face.dataset.seconds);
    let began = Date.now() - performance.now();
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
    // A device that sleeps stops this clock and not the server's: when the two clocks of the device part, ask again.
    const wake = async () => {
      if (Math.abs(Date.now() - performance.now() - began) < 2000) return show();
      try {
        const answer = await fetch(location.href);
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("clock");
        if (!fresh) return location.reload();
        end = performance.now() + 1000 * Number(fresh.dataset.seconds);
        began = Date.now() - performance.now();
        before = Number(fresh.dataset.seconds) + 1;
      } catch { /* no network yet; at the next tick again */ }
      show();
    };
    const ticking = setInterval(wake, 1000);
    show();
    document.getElementById("clock-then").hidden = true;
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

    const keep = (name, text) => { try { localStorage.setItem(name, text); return true; } catch { return false; } };
    const read = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
    const drop = (name) => { try { localStorage.removeItem(name); } catch { /* no storage, nothing kept */ } };

    // What is half typed goes to the server; until it is there, this device keeps it beside what the server had before.
    const aside = `assay:draft:${sheet.getAttribute("action")}`;
    const fields = () => { const all = body(); all.delete("csrf"); all.delete("id"); return all.toString(); };
    let known = fields();
    const post = (text) => {
      const data = new URLSearchParams(text);
      data.set("csrf", sheet.elements.csrf.value);
      return fetch(`${sheet.getAttribute("action")}/draft`, { method: "POST", body: data, keepalive: true });
    };
    const draft = () => {
      if (sending) return;
      const typed = fields();
      post(typed).then(
        (answer) => {
          if (!answer.ok) return;
          known = typed;
          if (typed === fields()) drop(aside);
          kept.textContent = kept.dataset.kept;
        },
        () => { kept.textContent = read(aside) ? kept.dataset.here : ""; },
      );
    };
    sheet.addEventListener("input", () => {
      kept.textContent = "";
      keep(aside, JSON.stringify({ known, typed: fields() }));
      clearTimeout(typing);
      typing = setTimeout(draft, 500);
    });
    addEventListener("pagehide", () => { if (typing && !sending) draft(); });
    addEventListener("online", () => { if (read(aside)) draft(); });
    const left = JSON.parse(read(aside) || "null");
    if (!left || left.known !== known) drop(aside);
    else post(left.typed).then((answer) => { if (answer.ok) { drop(aside); location.reload(); } }, () => {});

    const forget = () => { drop(place); drop(aside); };
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
      keep(place, data.toString());
      for (const one of sheet.querySelectorAll("button")) one.setAttribute("aria-disabled", "true");
      send(data);
    });

    const waiting = read(place);
    if (waiting) {
      sending = true;
      banner.hidden = false;
      send(new URLSearchParams(waiting));
    }
    addEventListener("online", () => { pause = 1000; });
  }
})();
