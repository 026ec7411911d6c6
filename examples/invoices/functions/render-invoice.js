'use strict';

const { currentContext, currentUser, withBaton } = require('iis-baton/function');

exports.handler = withBaton(async ({ id, seenByApp }) => {
  const user = currentUser();
  return {
    document: `Invoice ${id}, rendered for ${user.name}`,
    seenByApp,
    seenByFunction: {
      subject: user.subject,
      name: user.name,
      roles: user.roles,
      actor: user.actor?.subject,
      correlationId: currentContext().correlationId,
    },
  };
});
