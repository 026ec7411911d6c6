'use strict';

// Who asks, and what each may do by which version of the policy: written by hand, so that the package's own decision is held
// against something that is not the package.

const CLERK = 'Invoices.Clerk';
const APPROVER = 'Invoices.Approver';

const USERS = [
  { username: 'carla', subject: '0b2f7a52-6c1e-4f7e-9a57-1a1f3c2d4e01', roles: [CLERK] },
  { username: 'cleo', subject: '1c3a8b63-7d2f-4a80-8b68-2b2a4d3e5f04', roles: [CLERK] },
  { username: 'ada', subject: '7d9c1e34-2b5a-4c8f-8e21-5f6a7b8c9d02', roles: [APPROVER] },
  { username: 'ben', subject: '5a3e9b10-7c42-4d19-b6f0-2e8d1c9a7f03', roles: [APPROVER] },
  // Signed in, and nobody here.
  { username: 'nora', subject: '9e8d7c6b-5a49-4382-9716-a5b4c3d2e105', roles: ['Invoices.Guest'] },
].map((user) => ({ ...user, password: user.username, name: `${user.username}@example.com` }));

const COPILOT = 'invoice-copilot';
const MACHINE = 'invoices-server';
/** Of the clients that have one. */
const CLIENT_SECRET = 'only-for-this-machine';

const EVERYBODY = ['carla', 'cleo', 'ada', 'ben'];
/** What the policy `less` takes away is in `full` alone. */
const RIGHTS = {
  full: {
    read: [...EVERYBODY, 'copilot'],
    approve: ['ada', 'ben'],
    render: EVERYBODY,
    print: EVERYBODY,
    archive: EVERYBODY,
    start: EVERYBODY,
  },
  less: {
    read: [...EVERYBODY, 'copilot'],
    approve: [],
    render: [],
    print: EVERYBODY,
    archive: EVERYBODY,
    start: EVERYBODY,
  },
};

const may = (version, who, action) => RIGHTS[version][action].includes(who);

/** Who the app must see: the copilot acts for ada. */
function seenAs(who) {
  const user = USERS.find(({ username }) => username === (who === 'copilot' ? 'ada' : who));
  return { subject: `entra:${user.subject}`, ...(who === 'copilot' && { actor: COPILOT }) };
}

module.exports = { APPROVER, CLERK, CLIENT_SECRET, COPILOT, EVERYBODY, MACHINE, USERS, may, seenAs };
