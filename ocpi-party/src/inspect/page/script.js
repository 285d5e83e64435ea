// The inspector: reads the server's stream of exchanges and draws who called whom.
import { element, layOut } from "./json.js";

const $ = (id) => document.getElementById(id);
const STORED_KEY = "ocpi-operator-key";

let about = { party: "…", keeps: 500 };
let lanes = []; // the partners, in the order in which they were met
let exchanges = new Map(); // by number: { line, row }
let waiting = []; // came while paused
let paused = false;
let chosen = null;
let connection = null;

// ---- the key -------------------------------------------------------------------------------------------------------------

function begin() {
  const given = new URLSearchParams(location.hash.slice(1)).get("key");
  if (given) {
    sessionStorage.setItem(STORED_KEY, given);
    // The key does not stay in the address bar, nor in the history.
    history.replaceState(null, "", location.pathname + location.search);
  }
  if (sessionStorage.getItem(STORED_KEY)) follow();
  else askForKey("");
}

function askForKey(problem) {
  connection?.abort();
  sessionStorage.removeItem(STORED_KEY);
  $("inspector").hidden = true;
  $("login").hidden = false;
  $("problem").textContent = problem;
  $("key").focus();
}

$("login").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(STORED_KEY, $("key").value);
  $("key").value = "";
  follow();
});

$("forget").addEventListener("click", () => askForKey(""));

function ask(path, signal) {
  return fetch(path, { headers: { Authorization: `Bearer ${sessionStorage.getItem(STORED_KEY)}` }, cache: "no-store", signal });
}

async function problemOf(response) {
  try {
    const { error } = await response.json();
    return error.what_next ? `${error.message}. ${error.what_next}.` : error.message;
  } catch {
    return `The server answered ${response.status}.`;
  }
}

// ---- the stream ----------------------------------------------------------------------------------------------------------

/** Follows the server until this tab closes; when the connection breaks it is made again, and everything is told anew. */
async function follow() {
  connection?.abort();
  connection = new AbortController();
  const { signal } = connection;
  while (!signal.aborted) {
    try {
      const response = await ask("inspect/stream", signal);
      if (!response.ok) {
        if (response.status === 401) return askForKey("This is not the operator key of this server.");
        const problem = await problemOf(response);
        if ([403, 404].includes(response.status)) return askForKey(problem);
        throw new Error(problem);
      }
      $("login").hidden = true;
      $("inspector").hidden = false;
      forgetAll();
      setState(paused ? "paused" : "live", "live");
      for await (const event of events(response.body)) receive(event);
    } catch (error) {
      if (signal.aborted) return;
      console.warn(error);
    }
    setState("connection lost, trying again", "broken");
    await new Promise((resume) => setTimeout(resume, 2000));
  }
}

/** Server-sent events; EventSource cannot send the header that holds the key. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const parts = text.split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const event = { name: "message", data: "" };
      for (const line of part.split("\n")) {
        if (line.startsWith("event: ")) event.name = line.slice(7);
        if (line.startsWith("data: ")) event.data += line.slice(6);
      }
      if (event.data) yield event;
    }
  }
}

function receive({ name, data }) {
  if (name === "about") {
    about = JSON.parse(data);
    document.title = `Inspect ${about.party}`;
    $("party").textContent = about.party;
    $("about").textContent = `${about.name} · ${about.id} · ${about.role}`;
    drawLanes();
  } else if (name === "exchanges") {
    const lines = JSON.parse(data);
    if (paused) {
      waiting.push(...lines);
      waiting.splice(0, waiting.length - about.keeps);
      setState(`paused, ${waiting.length} waiting`, "live");
    } else {
      add(lines);
    }
  } else if (name === "missed") {
    setState(`live, ${data} were too fast to be shown`, "live");
  }
}

function setState(text, className) {
  $("state").textContent = text;
  $("state").className = className;
}

// ---- the diagram ---------------------------------------------------------------------------------------------------------

const peerOf = (line) => line.peer ?? "unknown caller";

function add(lines) {
  const diagram = $("diagram");
  const atEnd = diagram.scrollHeight - diagram.scrollTop - diagram.clientHeight < 80;
  const made = document.createDocumentFragment();
  for (const line of lines) {
    if (exchanges.has(line.id)) continue;
    if (!lanes.includes(peerOf(line))) {
      lanes.push(peerOf(line));
      drawLanes();
      option($("partner"), peerOf(line));
    }
    option($("module"), line.module || "other");
    const row = draw(line);
    exchanges.set(line.id, { line, row });
    row.parentElement.hidden = !isWanted(line);
    made.append(row.parentElement);
  }
  $("rows").append(made);
  for (const [id, { row }] of exchanges) {
    if (exchanges.size <= about.keeps) break;
    row.parentElement.remove();
    exchanges.delete(id);
  }
  showWhetherEmpty();
  if (atEnd) diagram.scrollTop = diagram.scrollHeight;
  else $("newest").hidden = false;
}

function draw(line) {
  const row = element("button", `row ${line.outgoing ? "out" : "in"} ${outcome(line)}`);
  row.type = "button";
  row.dataset.id = line.id;
  row.style.setProperty("--hue", hue(line.correlation_id));
  const when = element("span", "when");
  const time = element("time", "", line.at.slice(11, 19));
  time.dateTime = line.at;
  const dot = element("span", "dot");
  dot.title = `Correlation id ${line.correlation_id}`;
  when.append(time, dot);
  const lane = element("span", "lane");
  const call = element("span", "call");
  const label = element("span");
  label.append(element("b", "", line.method), ` ${shortTarget(line)}`);
  call.append(label);
  call.title = `${line.method} ${line.url}`;
  const answer = element("span", "answer");
  answer.append(element("span", "", answerText(line)));
  lane.append(call);
  if (line.meaning) lane.append(element("span", "means", line.meaning));
  lane.append(answer);
  row.append(when, lane);
  place(row, line);
  const item = element("li");
  item.append(row);
  return row;
}

/** Puts a row between our lane and the partner's. Columns are half lanes, so that arrows run from middle to middle. */
function place(row, line) {
  row.style.setProperty("--from", 2);
  row.style.setProperty("--to", 2 * (lanes.indexOf(peerOf(line)) + 2));
}

function drawLanes() {
  const names = [about.party, ...(lanes.length ? lanes : ["partner"])];
  const diagram = $("diagram");
  diagram.style.setProperty("--lanes", names.length);
  const placed = (made, from, to) => {
    made.style.gridColumn = `${from} / ${to}`;
    return made;
  };
  $("lanes").replaceChildren(...names.map((name, i) => placed(element("span", i === 0 ? "us" : "", name), 2 * i + 1, 2 * i + 3)));
  $("lifelines").replaceChildren(...names.map((_, i) => placed(element("i"), 2 * i + 2, 2 * i + 3)));
}

function option(select, value) {
  if ([...select.options].some((known) => known.value === value)) return;
  const made = element("option", "", value);
  made.value = value;
  const after = [...select.options].slice(1).find((known) => known.value > value);
  select.insertBefore(made, after ?? null);
}

/** The part of the URL that says what it is about. */
function shortTarget(line) {
  const path = line.url.replace(/^[a-z]+:\/\/[^/]+/, "");
  const at = line.module ? path.indexOf(`/${line.module}`) : -1;
  return decode(at >= 0 ? path.slice(at + 1) : path);
}

function decode(text) {
  try {
    return decodeURI(text);
  } catch {
    return text;
  }
}

function outcome(line) {
  if (line.error || line.http === 0 || line.http >= 500) return "failed";
  if (line.ocpi !== null && line.ocpi < 2000 && line.http < 400) return "good";
  return "refused";
}

function answerText(line) {
  const parts = [line.http === 0 ? "no answer" : String(line.http)];
  if (line.ocpi !== null) parts.push(line.ocpi === 1000 ? "1000" : `${line.ocpi} ${line.message ?? ""}`.trim());
  if (line.error) parts.push(line.error);
  parts.push(`${line.millis < 10 ? line.millis.toFixed(1) : Math.round(line.millis)} ms`);
  return parts.join(" · ");
}

/** What belongs together has one colour. */
function hue(id) {
  let sum = 0;
  for (const char of id) sum = (sum * 31 + char.codePointAt(0)) % 360;
  return sum;
}

function forgetAll() {
  exchanges.clear();
  waiting = [];
  lanes = [];
  $("rows").replaceChildren();
  drawLanes();
  showWhetherEmpty();
}

function showWhetherEmpty() {
  const visible = [...exchanges.values()].some(({ row }) => !row.parentElement.hidden);
  $("empty").hidden = visible;
  $("empty").textContent = exchanges.size
    ? "None of the exchanges fits these filters."
    : "Nothing yet. As soon as a partner calls, or is called, it appears here.";
}

// ---- filters -------------------------------------------------------------------------------------------------------------

const FILTERS = ["partner", "module", "search", "correlation", "problems"];

function isWanted(line) {
  const search = $("search").value.trim().toLowerCase();
  const correlation = $("correlation").value.trim();
  return (
    (!$("partner").value || peerOf(line) === $("partner").value) &&
    (!$("module").value || (line.module || "other") === $("module").value) &&
    (!search || `${line.method} ${line.url} ${line.message ?? ""} ${line.error ?? ""}`.toLowerCase().includes(search)) &&
    (!correlation || line.correlation_id.startsWith(correlation) || line.request_id.startsWith(correlation)) &&
    (!$("problems").checked || outcome(line) !== "good")
  );
}

function filter() {
  for (const id of FILTERS) $(id).classList.toggle("active", Boolean($(id).value) && id !== "problems");
  for (const { line, row } of exchanges.values()) row.parentElement.hidden = !isWanted(line);
  showWhetherEmpty();
  exchanges.get(chosen)?.row.scrollIntoView({ block: "nearest" });
}

for (const id of FILTERS) $(id).addEventListener("input", filter);

$("pause").addEventListener("click", () => {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
  $("pause").textContent = paused ? "Go on" : "Pause";
  setState(paused ? "paused" : "live", "live");
  if (!paused) add(waiting.splice(0));
});

$("clear").addEventListener("click", () => {
  exchanges.clear();
  waiting = [];
  $("rows").replaceChildren();
  showWhetherEmpty();
});

$("diagram").addEventListener("scroll", () => {
  const { scrollHeight, scrollTop, clientHeight } = $("diagram");
  if (scrollHeight - scrollTop - clientHeight < 80) $("newest").hidden = true;
});

$("newest").addEventListener("click", () => {
  $("diagram").scrollTop = $("diagram").scrollHeight;
});

// ---- the chosen exchange -------------------------------------------------------------------------------------------------

$("rows").addEventListener("click", (event) => {
  const row = event.target.closest(".row");
  if (row) choose(Number(row.dataset.id));
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") $("details").classList.remove("open");
  if (!["ArrowDown", "ArrowUp"].includes(event.key) || !event.target.closest?.(".row")) return;
  event.preventDefault();
  const rows = [...document.querySelectorAll("#rows li:not([hidden]) .row")];
  const next = rows[rows.indexOf(event.target.closest(".row")) + (event.key === "ArrowDown" ? 1 : -1)];
  next?.focus();
  if (next) choose(Number(next.dataset.id));
});

async function choose(id) {
  exchanges.get(chosen)?.row.removeAttribute("aria-current");
  chosen = id;
  exchanges.get(id)?.row.setAttribute("aria-current", "true");
  const response = await ask(`operator/v1/exchanges/${id}`);
  if (chosen !== id) return;
  const details = $("details");
  details.classList.add("open");
  details.scrollTop = 0;
  if (response.ok) details.replaceChildren(closer(), ...show(await response.json()));
  else details.replaceChildren(closer(), element("p", "hint", await problemOf(response)));
}

function closer() {
  const close = element("button", "close", "Close");
  close.type = "button";
  close.addEventListener("click", () => $("details").classList.remove("open"));
  return close;
}

function show({ exchange, request, response }) {
  const [from, to] = exchange.outgoing ? [about.party, peerOf(exchange)] : [peerOf(exchange), about.party];
  const facts = element("dl", "facts");
  const fact = (name, value, className) => {
    const made = element("dd", className);
    made.append(value);
    facts.append(element("dt", "", name), made);
  };
  fact("Who", `${from} → ${to}`);
  fact("When", `${exchange.at}, took ${exchange.millis} ms`);
  fact("HTTP", exchange.http === 0 ? "no answer" : String(exchange.http), outcome(exchange));
  if (exchange.ocpi !== null) fact("OCPI", `${exchange.ocpi} ${exchange.message ?? ""}`, outcome(exchange));
  if (exchange.error) fact("Why", exchange.error, "failed");
  fact("Request id", element("span", "mono", exchange.request_id));
  const correlation = element("button", "link mono", exchange.correlation_id);
  correlation.type = "button";
  correlation.title = "Show only what belongs to this";
  correlation.addEventListener("click", () => {
    $("correlation").value = exchange.correlation_id;
    filter();
    $("details").classList.remove("open");
  });
  fact("Correlation id", correlation);
  return [
    element("h2", "", `${exchange.method} ${decode(exchange.url)}`),
    element("p", "means", exchange.meaning),
    facts,
    ...showMessage("Request", request),
    ...showMessage("Answer", response),
  ];
}

function showMessage(title, message) {
  const heading = element("h3", "", title);
  heading.append(element("small", "", `${message.length} bytes${message.is_cut ? ", only the beginning is kept" : ""}`));
  const headers = element("details", "headers");
  headers.open = true;
  const table = element("table");
  for (const [name, value] of message.headers) {
    const line = element("tr");
    line.append(element("td", "", name), element("td", "", value));
    table.append(line);
  }
  headers.append(element("summary", "", `${message.headers.length} headers`), table);
  const parts = [heading, headers];
  const body = message.body === null ? element("p", "verdict", "no body") : layOut(message.body, message.findings);
  if (message.class && message.findings.length === 0) {
    parts.push(element("p", "verdict good", `✓ ${message.class}: the validator finds nothing wrong`));
  } else if (message.class) {
    parts.push(element("p", "verdict", `${message.class}: ${message.findings.length} found by the validator`));
    parts.push(findingList(message.findings, body));
  }
  parts.push(body);
  return parts;
}

function findingList(findings, body) {
  const list = element("ul", "findings");
  for (const finding of findings) {
    const item = element("li", finding.severity);
    const link = element("button", "link", finding.pointer || "(the object)");
    link.type = "button";
    link.addEventListener("click", () => {
      const line = [...body.querySelectorAll("[data-pointer]")].find((known) => known.dataset.pointer === finding.pointer);
      if (!line) return;
      for (let fold = line.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
      line.scrollIntoView({ block: "center", behavior: "smooth" });
      line.classList.remove("flash");
      requestAnimationFrame(() => line.classList.add("flash"));
    });
    item.append(link, ` ${finding.message} (${finding.severity}, ${finding.spec})`);
    list.append(item);
  }
  return list;
}

begin();
