"use strict";
// The page. Whatever comes from files is hostile: it becomes text nodes and
// nothing else, and a verdict is shown only where the checking program ended
// well and gave one.
(() => {
const limits = {files: 32, file: 67108864, total: 134217728, policy: 262144, lines: 20000};
const byId = id => document.getElementById(id);
const words = JSON.parse(byId("words").textContent);
const state = {language: firstLanguage(), files: [], policy: null, busy: false, answer: null, trouble: null, at: null, turn: 0};

// ---- words

function firstLanguage() {
  for (const l of navigator.languages || []) {
    const short = l.slice(0, 2).toLowerCase();
    if (short === "ru" || short === "en") return short;
  }
  return "en";
}

function has(object, key) { return Object.prototype.hasOwnProperty.call(object, key); }

// word is one of the page's own texts; a text with numbers has a form for each.
function word(key, n) {
  const text = words[state.language][key];
  if (typeof text === "string") return text;
  return text[new Intl.PluralRules(state.language).select(n)] || text.other;
}

// named is what a code is called; one that is not known is shown as it is.
function named(group, code) {
  if (has(words[group], code) && has(words[group][code], state.language)) return words[group][code][state.language];
  return visible(code);
}

// visible keeps what a file says from turning or hiding the text around it.
function visible(text) {
  return String(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

function number(n) { return new Intl.NumberFormat(state.language).format(n); }

// ---- elements

function make(name, attributes, ...children) {
  const e = document.createElement(name);
  for (const [k, v] of Object.entries(attributes || {})) {
    if (v === false || v === undefined) continue;
    e.setAttribute(k, v);
  }
  e.append(...children.flat().filter(c => c !== null && c !== undefined && c !== ""));
  return e;
}

// theirs is a text of a file's, apart from the text around it.
function theirs(text) { return make("bdi", {}, visible(text)); }

// phrase puts values into a text of the page's own: {name}, and `code`.
function phrase(text, values) {
  return text.split(/(\{[a-zA-Z]+\}|`[^`]+`)/).filter(Boolean).map(part => {
    if (part[0] === "`") return make("code", {}, part.slice(1, -1));
    if (part[0] !== "{") return part;
    const v = values[part.slice(1, -1)];
    return v === undefined ? "" : v;
  }).flat();
}

function say(key, values) { return phrase(word(key, values && values.count), {n: values && values.count !== undefined ? number(values.count) : undefined, ...values}); }

// stamp is a time in UTC, with this computer's zone beside it.
function stamp(value) {
  const at = value instanceof Date ? value : new Date(value);
  if (Number.isNaN(at.getTime())) return [theirs(value)];
  const locale = state.language === "ru" ? "ru" : "en-GB";
  const day = zone => new Intl.DateTimeFormat(locale, {day: "numeric", month: "short", year: "numeric", timeZone: zone}).format(at);
  const clock = zone => new Intl.DateTimeFormat(locale, {hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: zone}).format(at);
  const nodes = [make("time", {datetime: at.toISOString()}, day("UTC") + " " + clock("UTC") + " UTC")];
  const offset = -at.getTimezoneOffset();
  if (offset !== 0) {
    const sign = offset < 0 ? "−" : "+", minutes = Math.abs(offset);
    const zone = "UTC" + sign + Math.floor(minutes / 60) + (minutes % 60 ? ":" + String(minutes % 60).padStart(2, "0") : "");
    const local = (day(undefined) === day("UTC") ? "" : day(undefined) + " ") + clock(undefined);
    nodes.push(" ", make("span", {class: "zone-time"}, "(" + local + " " + zone + ")"));
  }
  return nodes;
}

function facts(...pairs) {
  return make("dl", {class: "facts"}, pairs.filter(Boolean).map(([name, ...values]) => make("div", {}, make("dt", {}, name), make("dd", {}, ...values))));
}

function party(id) { return make("strong", {}, theirs(id)); }

// ---- verdicts

function verdict(v, proven, claimed, early) {
  const w = words.verdict[early ? "not due yet" : has(words.verdict, v.verdict) ? v.verdict : "cannot tell"];
  const late = v.late && (v.verdict === "answered" || v.verdict === "logged, delivery not shown");
  const tone = late ? "warn" : w.tone;
  const values = {
    owedBy: v.owedBy ? party(v.owedBy) : "?", owedTo: v.owedTo ? party(v.owedTo) : "?",
    duty: v.duty ? named("duty", v.duty) : "?", due: v.due ? stamp(v.due) : "?", asOf: v.asOf ? stamp(v.asOf) : "?",
  };
  const text = w[state.language + "Text"], unsaid = name => !text.includes("{" + name + "}");
  const tags = [make("span", {class: "tag " + (proven ? "good" : "warn")}, word(proven ? "proven" : "unproven"))];
  if (proven && !claimed) tags.push(make("span", {class: "tag warn"}, word("unclaimed")));
  if (v.verdict === "answered") {
    tags.push(make("span", {class: "tag " + (v.late || !v.due ? "warn" : "good")}, word(v.late ? "late" : v.due ? "intime" : "dueUnknown")));
  } else if (late) {
    tags.push(make("span", {class: "tag warn"}, word("late")));
  }
  return make("article", {class: "card verdict " + tone + (proven ? "" : " unproven"), "data-verdict": v.verdict, "data-late": String(Boolean(v.late)), "data-as-of": v.asOf || "", "data-due": v.due || ""},
    make("p", {class: "tags"}, tags),
    make("h3", {}, phrase(w[state.language], values)),
    make("p", {}, phrase(text, values)),
    facts(
      v.lie && [word("f.lie"), named("lie", v.lie)],
      v.case && [word("f.case"), v.code ? code(v.code) : make("code", {}, theirs(v.case))],
      v.duty && unsaid("duty") && [word("f.reply"), named("duty", v.duty)],
      v.owedBy && unsaid("owedBy") && [word("f.by"), theirs(v.owedBy)],
      v.owedTo && unsaid("owedTo") && [word("f.to"), theirs(v.owedTo)],
      v.received && [word("f.received"), ...stamp(v.received)],
      v.due && unsaid("due") && [word("f.due"), ...stamp(v.due)],
      v.witnesses && [word("f.witnesses"), theirs(v.witnesses.join(", "))],
      v.corroborations && [word("f.corroborations"), theirs(v.corroborations.join(", "))],
      v.signers && [word("f.signers"), ...v.signers.flatMap((s, i) => [i ? "; " : "", signer(s)])],
      v.why && [word("f.why"), make("span", {lang: "en"}, timed(v.why))],
    ));
}

// timed puts this computer's zone beside the times that a reason has.
function timed(text) {
  return visible(text).split(/(\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ)/).map(part => /^\d{4}-.*Z$/.test(part) ? stamp(part.replace(" ", "T")) : part).flat();
}

// signer is somebody whom the policy does not vouch for, by name, card and key.
function signer(s) {
  const key = (s.key || "").split("+").slice(0, 2).join("+");
  return [
    s.witness ? say("signer.witness", {name: theirs(s.witness)}) : s.ledger ? say("signer.ledger", {name: theirs(s.ledger)}) : theirs(s.party || ""),
    s.serial ? [", ", ...say("signer.card", {serial: number(s.serial)})] : [], key ? [", ", make("code", {}, theirs(key))] : []].flat(2);
}

function code(c) { return make("span", {class: "code"}, visible(c.length === 8 ? c.slice(0, 4) + "-" + c.slice(4) : c)); }

// ---- steps

// budget bounds what one page draws of hostile files; verdicts are outside it.
let budget = 0;
function spend() { return --budget >= 0; }

function aCase(c) {
  const apart = c.status && c.status !== "Actual";
  return make("section", {class: "case" + (apart ? " exercise" : "")},
    make("h3", {}, c.code ? say("case", {code: code(c.code)}) : word("caseUnknown"), c.warner ? [": ", ...say("fromTo", {warner: theirs(c.warner), warned: theirs(c.warned)})] : ""),
    apart ? make("p", {class: "tags"}, make("span", {class: "tag exercise"}, named("status", c.status))) : "",
    make("p", {class: "id"}, make("code", {}, theirs(c.case))),
    (c.steps || []).length ? make("ol", {class: "timeline"}, c.steps.filter(spend).map(step)) : make("p", {}, word("noSteps")));
}

function step(s) {
  const machine = has(words.kind, s.kind) && words.kind[s.kind].machine;
  return make("li", {class: "entry" + (machine ? " machine" : "")},
    make("h4", {}, named("kind", s.kind), s.says ? [" (", said(s.says), ")"].flat() : "", ": ", theirs(s.author), " → ", theirs(s.recipient)),
    facts(
      [word("s.signed"), ...stamp(s.time)],
      s.notBefore && s.notAfter ? [word("s.between"), ...say("and", {a: stamp(s.notBefore), b: stamp(s.notAfter)})]
        : s.notBefore ? [word("s.after"), ...stamp(s.notBefore)] : s.notAfter && [word("s.before"), ...stamp(s.notAfter)],
      s.received && [make("span", {}, say("s.received", {party: theirs(s.recipient)})), ...stamp(s.received)],
      s.deposited && [make("span", {}, say("s.deposited", {party: theirs(s.recipient)})), ...stamp(s.deposited)],
      s.officers && [word("s.officers"), ...s.officers.flatMap((o, i) => [i ? "; " : "", ...say("officer", {name: theirs(o.name), role: named("role", o.role)})])],
      ...(s.duties || []).filter(spend).map(d => [say("s.due", {duty: named("duty", d.duty)}).join(""), ...stamp(d.due)])),
    (s.contents || []).filter(spend).map(content),
    s.missing ? make("p", {class: "missing"}, make("strong", {}, word("s.missing")), " ", s.missing.flatMap((m, i) => [i ? "; " : "", missing(m)])) : "",
    make("p", {class: "id"}, word("s.id"), " ", make("code", {}, theirs(s.statement))));
}

// said is what a kind itself states: a word of ours, a role, or a time.
function said(text) {
  if (has(words.says, text)) return [named("says", text)];
  if (has(words.role, text)) return [named("role", text)];
  const by = /^(by|confirmed|the watch ends) (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)Z$/.exec(text);
  if (!by) return [theirs(text)];
  const at = stamp(by[2] + "T" + by[3] + "Z");
  return by[1] === "by" ? at : [named("says", by[1]), " ", at].flat();
}

function missing(text) {
  if (state.language !== "en" && has(words.missing, text)) return named("missing", text);
  return make("span", {lang: "en"}, visible(text));
}

function content(c) {
  const kind = c.mediaType === "application/vnd.heed.warning" ? word("content.warning") : c.mediaType.startsWith("text/plain") ? word("content.text") : visible(c.mediaType);
  const shown = c.fields || c.text;
  const how = !c.open ? "content.closed" : shown ? "content.opened" : "content.elsewhere";
  return make("div", {class: "content"},
    make("p", {}, c.name ? [theirs(c.name), " · "] : "", kind, " · ", ...say("bytes", {count: c.size}), " · ", word(how)),
    c.fields ? make("dl", {class: "fields"}, c.fields.filter(spend).map(field)) : "",
    c.closed ? make("p", {class: "soft"}, say("content.fieldsClosed", {count: c.closed})) : "",
    c.text ? make("blockquote", {}, visible(c.text)) : "");
}

function field(f) {
  const label = [];
  for (const part of f.path.split("/")) {
    if (/^\d+$/.test(part) && label.length) label[label.length - 1] += " " + (Number(part) + 1);
    else label.push(named("field", part));
  }
  let value = f.value;
  try {
    const read = JSON.parse(f.value);
    if (typeof read === "string") value = read;
    if (read === true) value = word("yes");
  } catch {
    // shown as it is
  }
  return make("div", {"data-path": f.path}, make("dt", {}, label.join(" · ")), make("dd", {}, make("bdi", {}, visible(value))));
}

// ---- parties

function aParty(p) {
  const about = !p.card ? "p.unknown" : !p.pinned ? "p.missing" : p.serial === p.pinnedSerial ? "p.itself" : "p.pinned";
  return make("article", {class: "card party"},
    make("h3", {}, theirs(p.party)),
    make("p", {class: p.pinned ? "" : "missing"}, word(about)),
    p.card ? make("dl", {},
      make("dt", {class: "soft"}, word("p.fingerprint")), make("dd", {class: "fingerprint"}, visible(p.fingerprint || "")),
      p.serial ? [make("dt", {class: "soft"}, word("p.serial")), make("dd", {}, number(p.serial))] : "",
      make("dt", {class: "soft"}, word("p.group")),
      make("dd", {}, say("p.numbers", {group: theirs(p.group), count: p.witnesses, faulty: number(p.faulty), published: number(p.published), silence: number(p.silence)}))) : "");
}

// ---- the page

function draw() {
  document.documentElement.lang = state.language;
  for (const e of document.querySelectorAll("[data-word]")) e.replaceChildren(...say(e.dataset.word));
  for (const e of document.querySelectorAll("[data-label]")) e.setAttribute("aria-label", word(e.dataset.label));
  for (const l of ["en", "ru"]) byId("lang-" + l).setAttribute("aria-pressed", String(l === state.language));
  drawInside();
  drawFiles();
  byId("status").replaceChildren(...status());
  byId("trouble").replaceChildren(...trouble());
  byId("results").replaceChildren(...results());
}

function drawInside() {
  const n = state.files.filter(f => f.inside).length;
  byId("inside-note").hidden = n === 0;
  byId("inside-note").replaceChildren(make("h2", {}, say("inside.title", {count: n})), make("p", {}, make("strong", {}, word("inside.policy"))), make("p", {}, say("inside.trust")));
}

function drawFiles() {
  byId("evidence-list").replaceChildren(...state.files.map((f, i) => row(f, state.answer && state.answer.files[i],
    f.inside ? button("save", "saveFile", f, () => save(f)) : "",
    button("remove", "removeFile", f, () => {
      state.files.splice(i, 1);
      changed();
      (byId("evidence-list").querySelectorAll("button[data-do=remove]")[i] || byId("evidence")).focus();
    }))));
  byId("policy-list").replaceChildren(...(state.policy ? [row(state.policy, state.answer && state.answer.policy, button("remove", "removeFile", state.policy, () => {
    state.policy = null;
    changed();
    byId("policy").focus();
  }))] : []));
}

function row(f, sum, ...buttons) {
  return make("li", {}, make("span", {class: "name"}, theirs(f.name)), make("span", {class: "soft"}, say("bytes", {count: f.data.length}), f.inside ? " · " + word("inside.tag") : ""), ...buttons,
    sum ? make("span", {class: "sum"}, "SHA-256 ", make("code", {}, theirs(sum))) : "");
}

function button(key, labelKey, f, act) {
  const b = make("button", {type: "button", class: "small", "data-do": key, "aria-label": phrase(word(labelKey), {name: visible(f.name)}).join("")}, word(key));
  b.addEventListener("click", act);
  return b;
}

// save gives a file that came inside the page back as a file.
function save(f) {
  const address = URL.createObjectURL(new Blob([f.data], {type: "application/octet-stream"}));
  const link = make("a", {href: address, download: f.name.replace(/[^\p{L}\p{N}._-]/gu, "_")});
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

function status() {
  if (state.trouble) return say("status.trouble");
  if (state.busy) return say("status.busy");
  if (state.answer) {
    const n = state.answer.report.verdicts.length;
    if (n === 0 && state.answer.holds) return say("status.steps");
    return say(state.answer.holds ? "status.holds" : "status.fails", {count: n});
  }
  return say(state.files.length ? "status.policy" : state.policy ? "status.evidence" : "status.both");
}

function trouble() {
  const t = state.trouble;
  if (!t) return [];
  return [make("section", {class: "problem"}, make("h2", {}, word("trouble.title")),
    make("p", {}, phrase(word("trouble." + t.kind), {name: t.name === undefined ? "" : theirs(t.name), n: t.count === undefined ? "" : number(t.count)})),
    t.detail ? make("p", {}, word("trouble.detail"), " ", make("span", {lang: "en"}, theirs(t.detail))) : "")];
}

function results() {
  if (!state.answer) return [];
  const {report, holds, proven, claimed, early} = state.answer;
  const overall = !holds ? "fails" : !report.verdicts.length ? "said" : claimed.every(Boolean) ? "holds" : "contrary";
  budget = limits.lines;
  const print = make("button", {type: "button"}, word("print"));
  print.addEventListener("click", () => window.print());
  const out = [
    make("section", {id: "verdicts"},
      make("div", {class: "overall"}, make("h2", {}, word(overall)), print),
      make("p", {class: "soft"}, say("checked", {time: stamp(state.at)})),
      report.verdicts.length ? report.verdicts.map((v, i) => verdict(v, proven[i] === true, claimed[i] === true, early[i] === true)) : make("p", {}, word("nothing"))),
  ];
  if ((report.cases || []).length) out.push(make("section", {id: "cases"}, make("h2", {}, word("cases")), report.cases.filter(spend).map(aCase)));
  if (budget < 0) out.push(make("p", {class: "problem"}, say("more")));
  if ((report.parties || []).length) out.push(make("section", {id: "parties"}, make("h2", {}, word("parties")), make("div", {class: "parties"}, report.parties.map(aParty))));
  return out;
}

// ---- files in

async function takeFiles(list) {
  const files = [];
  for (const file of list) {
    const f = await read(file, limits.file);
    if (!f) return;
    if (startsWith(f.data, "heed-policy/")) return refuse({kind: "swapped", name: f.name});
    files.push(f);
  }
  const all = state.files.concat(files);
  if (all.length > limits.files) return refuse({kind: "many", count: limits.files});
  if (all.reduce((n, f) => n + f.data.length, 0) > limits.total) return refuse({kind: "total", count: limits.total});
  state.files = all;
  changed();
}

async function takePolicy(list) {
  if (!list.length) return;
  const f = await read(list[0], limits.policy);
  if (!f) return;
  state.policy = f;
  changed();
}

// read is a file whole, or nothing, and then the reason is shown.
async function read(file, most) {
  if (file.size > most) return refuse({kind: "large", name: file.name, count: most});
  try {
    return {name: file.name, data: new Uint8Array(await file.arrayBuffer())};
  } catch (e) {
    return refuse({kind: "read", name: file.name, detail: String(e)});
  }
}

function startsWith(data, text) { return new TextDecoder("latin1").decode(data.subarray(0, text.length)) === text; }

// refuse shows why something was not taken. What was judged before is not what
// the reader asked for now, and is shown no more.
function refuse(why) {
  state.turn++;
  Object.assign(state, {busy: false, answer: null, trouble: why});
  draw();
  return null;
}

function fromBase64(text) {
  const binary = atob(text);
  const data = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) data[i] = binary.charCodeAt(i);
  return data;
}

// ---- judging

let compiled = null;

// program is the checking program, unpacked and compiled once.
function program() {
  compiled = compiled || (async () => {
    const packed = new Blob([fromBase64(byId("program").textContent)]).stream();
    const unpacked = packed.pipeThrough(new DecompressionStream("gzip"));
    return WebAssembly.compile(await new Response(unpacked).arrayBuffer());
  })();
  return compiled;
}

async function changed() {
  const turn = ++state.turn;
  Object.assign(state, {busy: Boolean(state.files.length && state.policy), answer: null, trouble: null});
  draw();
  if (!state.busy) return;
  await new Promise(done => setTimeout(done, 50)); // what is shown now is seen before the program takes the browser's only hand
  const found = turn === state.turn ? await judge(state.policy.data, state.files.map(f => f.data)) : null;
  if (turn !== state.turn) return; // other files were chosen meanwhile
  Object.assign(state, {busy: false, at: new Date()}, found);
  try {
    draw();
  } catch (e) {
    Object.assign(state, {answer: null, trouble: {kind: "broken", detail: String(e)}});
    draw();
  }
}

// judge runs the program once, in a memory of its own, and gives an answer or a
// trouble, never both. An answer counts only from a program that ended by itself
// and without a fault.
async function judge(policy, files) {
  let runnable;
  try {
    runnable = await program();
  } catch (e) {
    return {trouble: {kind: "browser", detail: String(e)}};
  }
  let text;
  try {
    text = await run(runnable, policy, files);
  } catch (e) {
    return {trouble: {kind: "broken", detail: String(e)}};
  }
  const answer = JSON.parse(text);
  if (answer.fault) {
    const {kind, file, message} = answer.fault;
    if (kind === "damaged") return {trouble: file < 0 ? {kind: "together", detail: message} : {kind, name: state.files[file].name, detail: message}};
    return {trouble: {kind: kind === "policy" ? kind : "other", detail: message}};
  }
  return {answer: {...answer, proven: answer.proven || [], claimed: answer.claimed || [], early: answer.early || []}};
}

async function run(runnable, policy, files) {
  const go = new Go();
  const exchange = {policy, files, answer: null};
  let status = null;
  go.exit = code => { status = code; };
  let fail;
  const failed = new Promise((_, reject) => { fail = e => reject(e.error || e.message); });
  addEventListener("error", fail);
  globalThis.heedExchange = exchange;
  try {
    await Promise.race([go.run(await WebAssembly.instantiate(runnable, go.importObject)), failed]);
  } finally {
    removeEventListener("error", fail);
    delete globalThis.heedExchange;
  }
  if (status !== 0 || typeof exchange.answer !== "string") throw new Error("exit status " + status);
  return exchange.answer;
}

// ---- beginning

function zone(id, take) {
  const box = byId("zone-" + id), input = byId(id);
  input.addEventListener("change", () => {
    const list = [...input.files];
    input.value = ""; // the same file may be chosen again
    take(list);
  });
  box.addEventListener("dragover", e => { e.preventDefault(); box.classList.add("over"); });
  box.addEventListener("dragleave", e => { if (!box.contains(e.relatedTarget)) box.classList.remove("over"); });
  box.addEventListener("drop", e => {
    e.preventDefault();
    box.classList.remove("over");
    take([...e.dataTransfer.files]);
  });
}

for (const l of ["en", "ru"]) byId("lang-" + l).addEventListener("click", () => { state.language = l; draw(); });
byId("licences").addEventListener("toggle", e => { e.target.querySelector("pre").textContent = JSON.parse(byId("licence-texts").textContent); }, {once: true});
for (const kind of ["dragover", "drop"]) addEventListener(kind, e => e.preventDefault()); // a file dropped beside a zone would replace the page
zone("evidence", takeFiles);
zone("policy", takePolicy);
state.files = JSON.parse(byId("inside").textContent).map(f => ({name: f.name, data: fromBase64(f.data), inside: true}));
draw();
})();
