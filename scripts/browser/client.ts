// A client generated from the OpenAPI documents (openapi-typescript) calls both parties: the types fit what they answer.
import createClient from "openapi-fetch";
import type { paths as CpoPaths } from "./generated/cpo";
import type { paths as EmspPaths } from "./generated/emsp";

declare const process: { env: Record<string, string | undefined> };

function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

async function login(party: string): Promise<{ ocpi_token: string; operator_key: string }> {
  return (await fetch(`${party}/docs/login.json`)).json();
}

const emspUrl = process.env.EMSP_URL ?? "http://127.0.0.1:8000";
const cpoUrl = process.env.CPO_URL ?? "http://127.0.0.1:8001";
const [atEmsp, atCpo] = [await login(emspUrl), await login(cpoUrl)];

// As the EMSP: the CPO's stations and tariffs.
const cpo = createClient<CpoPaths>({ baseUrl: cpoUrl, headers: { Authorization: atCpo.ocpi_token } });
const page = await cpo.GET("/ocpi/2.2.1/cpo/locations", { params: { query: { limit: 2 } } });
check(page.data?.status_code === 1000 && page.data.data?.length === 2, "a page of two locations");
check(page.response.headers.get("X-Total-Count") !== null, "how many there are altogether");
const first = page.data.data[0];
check(first !== undefined && first.evses?.[0]?.connectors[0]?.id === "1", "typed down to the connector");
const one = await cpo.GET("/ocpi/2.2.1/cpo/locations/{location_id}", { params: { path: { location_id: first.id } } });
check(one.data?.data?.id === first.id, "one location");
const missing = await cpo.GET("/ocpi/2.2.1/cpo/locations/{location_id}", { params: { path: { location_id: "NOPE" } } });
check(missing.response.status === 404 && missing.error?.status_code === 2003, "an unknown location");

// As the CPO: a tariff for the EMSP, and may this card charge?
const emsp = createClient<EmspPaths>({ baseUrl: emspUrl, headers: { Authorization: atEmsp.ocpi_token } });
const path = { country_code: "US", party_id: "CPO", tariff_id: "GENERATED" };
const put = await emsp.PUT("/ocpi/2.2.1/emsp/tariffs/{country_code}/{party_id}/{tariff_id}", {
  params: { path },
  body: {
    country_code: "US",
    party_id: "CPO",
    id: "GENERATED",
    currency: "USD",
    elements: [{ price_components: [{ type: "ENERGY", price: 0.25, step_size: 1 }] }],
    last_updated: new Date().toISOString(),
  },
});
check(put.data?.status_code === 1000, `a new tariff: ${JSON.stringify(put)}`);
const got = await emsp.GET("/ocpi/2.2.1/emsp/tariffs/{country_code}/{party_id}/{tariff_id}", { params: { path } });
check(got.data?.data?.elements[0]?.price_components[0]?.price === 0.25, "the tariff as it is stored");
const allowed = await emsp.POST("/ocpi/2.2.1/emsp/tokens/{token_uid}/authorize", {
  params: { path: { token_uid: "04DE5000000004" }, query: { type: "RFID" } },
});
check(allowed.data?.data?.allowed === "ALLOWED", "a card in good order");

// As the operator of the EMSP.
const operator = createClient<EmspPaths>({ baseUrl: emspUrl, headers: { Authorization: `Bearer ${atEmsp.operator_key}` } });
const partners = await operator.GET("/operator/v1/partners");
check(partners.data?.partners[0]?.status === "REGISTERED", "the partner");
const nobody = await operator.GET("/operator/v1/partners/{id}", { params: { path: { id: "nobody" } } });
check(nobody.error?.error.what_next !== undefined, "an error that says what to do");
const shownToDriver = await operator.GET("/operator/v1/driver/locations", {
  params: { query: { token_uid: "demo-app-0001", type: "APP_USER", limit: 5 } },
});
check((shownToDriver.data?.items.length ?? 0) > 0, "what a driver may be shown");
const reserved = await operator.GET("/operator/v1/reservations");
check(reserved.data?.items.some((one) => one.state === "ACTIVE") === true, "a place that is kept");
const exchanges = await operator.GET("/operator/v1/exchanges");
const asked = exchanges.data?.exchanges.findLast((exchange) => exchange.url.includes("/authorize"));
check(asked !== undefined, "exchanges are kept");
const shown = await operator.GET("/operator/v1/exchanges/{id}", { params: { path: { id: asked.id } } });
check(shown.data?.response.class === "AuthorizationInfo", "the authorization as it was seen");

console.log("the generated client works");
