'use strict';

const { signIn } = require('../../../dist/local/sign-in');

/** Signs people in, as a browser would; their access tokens by name. */
async function signEverybodyIn({ config, identityProvider: { issuer } }) {
  const { users, clients, audience: resource } = config.identityProvider;
  const [{ clientId, redirectUris }] = clients;
  const tokens = {};
  for (const { username, password } of users) {
    const options = { issuer, clientId, redirectUri: redirectUris[0], username, password, resource };
    tokens[username] = (await signIn(options)).accessToken;
  }
  return tokens;
}

/** One request through the gateway. */
async function send(relay, token, method, path, body) {
  const response = await fetch(relay.gateways.http.url + path, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    correlationId: response.headers.get('x-correlation-id'),
    text,
    body: text.startsWith('{') ? JSON.parse(text) : undefined,
  };
}

/** Looks at a run until it is as wanted. */
async function until(look, isReady) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const { body } = await look();
    if (isReady(body)) return body;
    if (Date.now() > deadline) throw new Error(`The run did not come so far: ${JSON.stringify(body)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

module.exports = { send, signEverybodyIn, until };
