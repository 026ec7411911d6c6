'use strict';

const { currentUser, withBaton } = require('iis-baton/function');
const { entra } = require('./entra');

exports.handler = withBaton(async ({ id }) => {
  // As the function's own service principal; for whom, Baton's audit line says.
  const { token } = await entra.token('api://archive');
  const url = `${process.env.ARCHIVE_URL}/documents/${encodeURIComponent(id)}`;
  const answer = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Error(`The archive answered ${answer.status}.`);
  return { ...(await answer.json()), archivedFor: currentUser().subject };
});
