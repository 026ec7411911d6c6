'use strict';

const { createEntraTokens } = require('iis-baton/entra');

const { TENANT, CLIENT_ID, ENTRA_AUTHORITY, USER_ISSUER } = process.env;

// One for the process: it remembers tokens. No secret anywhere: the role of this process asks AWS STS for a token, and the
// application in Entra trusts that role. The last two settings are for Entra's stand-in of the demo.
exports.entra = createEntraTokens({
  tenant: TENANT,
  clientId: CLIENT_ID,
  ...(ENTRA_AUTHORITY && { authority: ENTRA_AUTHORITY, issuers: [USER_ISSUER] }),
});
