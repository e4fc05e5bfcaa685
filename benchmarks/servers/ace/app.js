// The same two answers as benchmarks/servers/ours.py, as the documentation of
// atlassian-connect-express has it, in a cluster. Without PORT it stores the tenants
// of the file in SITES and ends.
const cluster = require("cluster");
const fs = require("fs");
const http = require("http");

const PROCESSES = Number(process.env.WEB_CONCURRENCY || "2");

function start() {
  const express = require("express");
  const ace = require("atlassian-connect-express");
  const app = express();
  const store = process.env.DB_URL
    ? { adapter: "sequelize", url: process.env.DB_URL, logging: false }
    : { adapter: "sequelize", dialect: "sqlite", storage: process.env.DB_FILE, logging: false };
  const addon = ace(app, { config: { production: { store } } });
  const answer = (req, res) =>
    res.json({ clientKey: req.context.clientKey, accountId: req.context.userAccountId });
  app.use(express.json());
  app.use(express.urlencoded({ extended: false }));
  app.use(addon.middleware());
  app.get("/benchmark", addon.authenticate(), answer);
  app.get("/benchmark/context", addon.authenticate(true), answer);
  return { app, addon };
}

async function seed() {
  const { addon } = start();
  for (const [clientKey, sharedSecret, baseUrl] of JSON.parse(fs.readFileSync(process.env.SITES))) {
    const tenant = { key: addon.key, clientKey, sharedSecret, baseUrl, productType: "confluence" };
    await addon.settings.set("clientInfo", tenant, clientKey);
  }
  process.exit(0);
}

if (!process.env.PORT) {
  seed();
} else if (cluster.isPrimary) {
  for (let number = 0; number < PROCESSES; number++) cluster.fork();
} else {
  http.createServer(start().app).listen(process.env.PORT, "127.0.0.1");
}
