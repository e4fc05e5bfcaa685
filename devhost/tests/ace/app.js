// A Connect app, written as the documentation of atlassian-connect-express has it.
const http = require("http");
const express = require("express");
const ace = require("atlassian-connect-express");

ace.store.register("memory", require("./memory-store"));

const app = express();
const addon = ace(app);

app.use(express.json());
app.use(express.urlencoded({ extended: false }));
app.use(addon.middleware());

app.get("/page", addon.authenticate(), (req, res) => {
  const httpClient = addon.httpClient(req);
  httpClient.get("/rest/api/space/DS", (error, answer, body) => {
    const space = error ? String(error) : `${answer.statusCode} ${JSON.parse(body).name}`;
    res.send(`<!doctype html>
<html lang="en">
<head><title>App</title><script src="${res.locals.hostScriptUrl}"></script></head>
<body>
<h1>${addon.descriptor.name}</h1>
<p id="space">${space}</p>
<p id="greeting"></p>
<script>
AP.context.getToken((token) =>
  fetch("/greeting", { headers: { Authorization: "JWT " + token } })
    .then((answer) => answer.json())
    .then((body) => { document.getElementById("greeting").textContent = body.text; }));
</script>
</body>
</html>`);
  });
});

app.get("/greeting", addon.authenticate(true), (req, res) => {
  res.json({ text: `Hello ${req.context.userAccountId}` });
});

app.post("/uninstalled", addon.authenticateInstall(), (req, res) => {
  res.status(204).send();
});

addon.on("page_created", (event, body, req) => {
  const url = `/rest/atlassian-connect/1/addons/${addon.key}/properties/seen`;
  addon.httpClient(req).put({ url, json: { event, title: body.page.title } });
});

http.createServer(app).listen(addon.config.port(), "127.0.0.1", () => {
  addon.register();
});
