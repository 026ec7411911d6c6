'use strict';

const { startRelay } = require('../../../dist/local/relay');
const { exchangeForActor, signIn } = require('../../../dist/local/sign-in');

// Runs a relay for a test: Jest cannot load the ES modules that the relay needs, so the relay has this process. Commands
// come and answers go over the channel that Node opens between parent and child.

let relay;

const urlOf = (gateway) => gateway?.url;

const commands = {
  async start(options) {
    relay = await startRelay(options);
    const { gateways, iis, identityProvider, logDirectory, appLogFile } = relay;
    return {
      http: urlOf(gateways.http),
      rest: urlOf(gateways.rest),
      iis: iis.url,
      issuer: identityProvider.issuer,
      sqs: urlOf(relay.faults.sqs),
      states: urlOf(relay.faults.states),
      logDirectory,
      appLogFile,
    };
  },

  async sessionUses() {
    return relay.sts.sessions.uses;
  },

  async signIn(username) {
    const { users, clients, audience: resource } = relay.config.identityProvider;
    const { password } = users.find((user) => user.username === username);
    const { clientId, redirectUris } = clients.find((client) => client.redirectUris);
    const { issuer } = relay.identityProvider;
    const options = { issuer, clientId, redirectUri: redirectUris[0], username, password, resource };
    return (await signIn(options)).accessToken;
  },

  async actFor(subjectToken) {
    const { clients, audience: resource } = relay.config.identityProvider;
    const { clientId, clientSecret } = clients.find((client) => client.clientSecret);
    const { tokenEndpoint } = relay.identityProvider;
    return (await exchangeForActor({ tokenEndpoint, clientId, clientSecret, subjectToken, resource })).accessToken;
  },

  async iisLog() {
    await relay.iis.flushLog();
    return relay.iis.w3cLogFile();
  },

  functionLog: (name) => relay.lambda.logFile(name),
  authorizerCalls: (kind) => relay.gateways[kind].authorizerCalls,
  setFaults: (service, faults) => relay.faults[service].set(faults),
  faultCounts: (service) => relay.faults[service].counts,
  killApp: () => relay.iis.kill(),
  stop: () => relay.stop(),
};

process.on('message', async ({ id, command, args }) => {
  try {
    process.send({ id, value: await commands[command](...args) });
  } catch (error) {
    process.send({ id, error: error.message });
  }
});

process.on('disconnect', () => process.exit(0));
