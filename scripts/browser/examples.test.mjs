// Every operation of both documents, with the examples that are filled in: it has to work at the first click.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CPO, EMSP, loginOf } from "./browser.mjs";

/** What cannot succeed in a demonstration, and what it answers instead: HTTP and OCPI status. */
const OTHERWISE = {
  "POST /ocpi/2.2.1/credentials": [405, 2000], // the parties are registered
  "PUT /ocpi/2.2.1/credentials": [200, 3001], // the partner of the example does not exist
  "POST /operator/v1/partners": [502], // likewise
  // The parties of the demonstration are no hubs.
  "GET /ocpi/2.2.1/hubclientinfo/{country_code}/{party_id}": [404, 2001],
  "PUT /ocpi/2.2.1/hubclientinfo/{country_code}/{party_id}": [404, 2001],
};

/** Readers first; what ends something comes last. */
const ORDER = ["get", "put", "patch", "post", "delete"];

function operations(document) {
  const all = [];
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) all.push({ path, method, operation });
  }
  const isLast = ({ path, method }) => method === "delete" && /credentials$|partners/.test(path);
  const renews = ({ path }) => /partners\/\{id\}\/credentials$|operator\/v1\/parties$/.test(path);
  const rank = (one) => ORDER.indexOf(one.method) + (renews(one) ? 10 : 0) + (isLast(one) ? 20 : 0);
  return all.sort((a, b) => rank(a) - rank(b));
}

/** As Swagger UI sends it when nothing is changed in the form. */
function request(base, { path, method, operation }, login) {
  const headers = {};
  const query = new URLSearchParams();
  for (const parameter of operation.parameters ?? []) {
    const example = parameter.example ?? parameter.schema?.example;
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(example));
    else if (example === undefined) continue;
    else if (parameter.in === "query") query.set(parameter.name, example);
    else headers[parameter.name] = example;
  }
  headers.Authorization = path.startsWith("/ocpi") ? login.ocpi_token : `Bearer ${login.operator_key}`;
  const body = operation.requestBody?.content["application/json"]?.example;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const text = String(query) ? `?${query}` : "";
  return [`${base}${path}${text}`, { method: method.toUpperCase(), headers, body: body && JSON.stringify(body) }];
}

for (const [name, base] of [["emsp", EMSP], ["cpo", CPO]]) {
  test(`the examples of the ${name} work`, async () => {
    const document = await (await fetch(`${base}/docs/openapi.json`)).json();
    const faults = [];
    for (const { path, method } of operations(document)) {
      if (method === "delete" && /credentials$|partners/.test(path)) continue; // below
      faults.push(...(await tryOut(base, path, method)));
    }
    assert.deepEqual(faults, []);
  });
}

test("ending the registration works as well", async () => {
  assert.deepEqual(await tryOut(CPO, "/ocpi/2.2.1/credentials", "delete"), []);
  assert.deepEqual(await tryOut(EMSP, "/operator/v1/partners/{id}", "delete"), []);
});

async function tryOut(base, path, method) {
  // A fresh page each time, as a person has it who opens the documentation.
  const [document, login] = await Promise.all([fetch(`${base}/docs/openapi.json`).then((answer) => answer.json()), loginOf(base)]);
  const operation = document.paths[path][method];
  const name = `${method.toUpperCase()} ${path}`;
  const answer = await fetch(...request(base, { path, method, operation }, login));
  const text = await answer.text();
  const { status_code: ocpi } = text.startsWith("{") ? JSON.parse(text) : {};
  if (!operation.responses[answer.status]) return [`${name}: answers ${answer.status}, which the document does not mention: ${text}`];
  const [http, code] = OTHERWISE[name] ?? [];
  const isFine = http ? answer.status === http && (code === undefined || code === ocpi) : answer.ok && (ocpi ?? 1000) < 2000;
  return isFine ? [] : [`${name}: ${answer.status} ${text.slice(0, 400)}`];
}
