// JSON as it came, only laid out: numbers keep their digits, members their order, and each line knows its JSON Pointer.

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]/gy;

/** The text laid out, with `findings` (`{pointer, severity, message}`) below the lines that they are about. */
export function layOut(text, findings) {
  try {
    JSON.parse(text);
  } catch {
    return element("pre", "raw", text);
  }
  const box = element("div", "json");
  box.append(...new Layout(text, findings).value("", null, ""));
  return box;
}

/** Makes an element. Texts are always texts, never markup. */
export function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

class Layout {
  constructor(text, findings) {
    this.tokens = [...tokens(text)];
    this.at = 0;
    this.findings = findings;
  }

  /** The nodes of one value; `name` is that of the member, null in a list. */
  value(pointer, name, comma) {
    const open = this.tokens[this.at++];
    if (open !== "{" && open !== "[") {
      const kind = open[0] === '"' ? "s" : /^[-\d]/.test(open) ? "n" : "l";
      return this.found(this.line(pointer, name, [element("span", kind, shown(open)), this.comma() || comma]), pointer);
    }
    const close = open === "{" ? "}" : "]";
    const children = element("div", "node");
    let count = 0;
    const members = new Set();
    while (this.tokens[this.at] !== close) {
      let child = String(count);
      let member = null;
      if (open === "{") {
        member = this.tokens[this.at];
        child = JSON.parse(member);
        members.add(child);
        this.at += 2; // the name and the colon
      }
      const step = child.replaceAll("~", "~0").replaceAll("/", "~1");
      children.append(...this.value(`${pointer}/${step}`, member, ""));
      count += 1;
    }
    this.at += 1;
    const end = this.comma();
    if (count === 0) return this.found(this.line(pointer, name, [open + close, end]), pointer);
    const fold = element("details");
    fold.open = true;
    const summary = this.line(pointer, name, [open], "summary");
    const things = open === "{" ? (count === 1 ? "member" : "members") : count === 1 ? "entry" : "entries";
    summary.append(element("span", "more", ` … ${count} ${things} ${close}${end}`));
    fold.append(summary, ...this.found([], pointer), ...this.absent(pointer, members), children, element("div", "line", close + end));
    return [fold];
  }

  comma() {
    if (this.tokens[this.at] !== ",") return "";
    this.at += 1;
    return ",";
  }

  line(pointer, name, parts, tag = "div") {
    const line = element(tag, "line");
    line.dataset.pointer = pointer;
    if (name !== null) {
      const key = element("span", "k", shown(name));
      const worst = this.findings.find((finding) => finding.pointer === pointer);
      if (worst) key.classList.add("faulty", worst.severity);
      line.append(key, ": ");
    }
    line.append(...parts);
    return tag === "div" ? [line] : line;
  }

  /** The line with what was found there. */
  found(lines, pointer) {
    return [...lines, ...this.findings.filter((finding) => finding.pointer === pointer).map(note)];
  }

  /** What was found about members that are not there. */
  absent(pointer, members) {
    const isMissing = (finding) => {
      if (!finding.pointer.startsWith(`${pointer}/`)) return false;
      const step = finding.pointer.slice(pointer.length + 1);
      return !step.includes("/") && !members.has(step.replaceAll("~1", "/").replaceAll("~0", "~")) && !/^\d+$/.test(step);
    };
    return this.findings.filter(isMissing).map((finding) => {
      const made = note(finding);
      made.dataset.pointer = finding.pointer;
      return made;
    });
  }
}

function note(finding) {
  const step = finding.pointer.slice(finding.pointer.lastIndexOf("/") + 1);
  return element("div", `found ${finding.severity}`, `${step}: ${finding.message}`);
}

/** A text as people read it: escapes are left only where they are needed. */
function shown(token) {
  if (token[0] !== '"' || !token.includes("\\u")) return token;
  return JSON.stringify(JSON.parse(token));
}

function* tokens(text) {
  TOKEN.lastIndex = 0;
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at])) {
      at += 1;
      continue;
    }
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) return;
    yield match[0];
    at = TOKEN.lastIndex;
  }
}
