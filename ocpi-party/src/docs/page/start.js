// Starts Swagger UI, and logs it in where the server demonstrates itself.
(async () => {
  const fetchLogin = () => fetch("login.json", { cache: "no-store" }).then((answer) => answer.json());
  let login = await fetchLogin();

  const logIn = () => {
    window.ui.preauthorizeApiKey("operator_key", login.operator_key);
    if (login.ocpi_token) window.ui.preauthorizeApiKey("ocpi_token", login.ocpi_token);
  };

  /** While the page is open time goes on, and tokens change: what it has filled in by itself is brought up to date. */
  const renew = async (request) => {
    if (request.loadSpec || !login.operator_key) return request;
    const before = login;
    login = { ...before, ...(await fetchLogin()) };
    logIn();
    if (before.ocpi_token && request.headers.Authorization === before.ocpi_token) {
      request.headers.Authorization = login.ocpi_token;
    }
    const filledAt = window.ui.specSelectors.info().get("x-filled-at");
    if (filledAt && typeof request.body === "string") {
      request.body = request.body.replaceAll(`"${filledAt}"`, `"${login.now}"`);
    }
    return request;
  };

  window.ui = SwaggerUIBundle({
    url: "openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: "none",
    defaultModelsExpandDepth: 0,
    filter: true,
    // Requests can be edited and sent at once.
    tryItOutEnabled: true,
    // The document is checked by our tests, not by somebody else's server.
    validatorUrl: null,
    requestInterceptor: renew,
    onComplete: () => {
      if (!login.operator_key) return;
      logIn();
      document.getElementById("acts-as").textContent = login.acts_as;
      document.getElementById("inspect").href = `../inspect#key=${encodeURIComponent(login.operator_key)}`;
      document.getElementById("login").hidden = false;
    },
  });
})();
