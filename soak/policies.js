'use strict';

const { APPROVER, CLERK, COPILOT } = require('./people');

const ROLE_ARN = 'arn:aws:iam::123456789012:role/invoices-app';
const arn = (name) => `arn:aws:lambda:eu-west-1:123456789012:function:${name}:live`;
const step = (name, more) => ({ function: name, permission: 'invoice:start', ...more });

/** The policy in which everybody has what is theirs. */
function fullPolicy() {
  const aws = { roleArn: ROLE_ARN };
  return {
    application: 'invoices',
    edge: {
      profile: 'txn-token',
      issuer: '${GATEWAY_ISSUER}',
      audience: 'invoices.example.internal',
      algorithms: ['ES256'],
      // One machine, one clock: what has ended is refused a second later.
      clockToleranceSeconds: 1,
      keys: { jwksUri: '${GATEWAY_JWKS_URI}' },
    },
    identityProviders: {
      entra: {
        issuer: '${IDP_ISSUER}',
        audience: '${IDP_AUDIENCE}',
        algorithms: ['RS256'],
        clockToleranceSeconds: 1,
        claims: { subject: '/oid', tenant: '/tid', name: '/preferred_username', roles: '/roles', scopes: '/scp' },
      },
    },
    handOver: { issuer: '${APP_ISSUER}', algorithms: ['ES256'], keys: { jwksUri: '${APP_JWKS_URI}' } },
    roles: {
      clerk: {
        members: [`entra:${CLERK}`],
        permissions: ['invoice:read', 'invoice:render', 'invoice:print', 'invoice:start'],
        aws,
      },
      approver: {
        members: [`entra:${APPROVER}`],
        inherits: ['clerk'],
        permissions: ['invoice:approve', 'invoice:decide'],
        aws,
      },
    },
    actors: { [COPILOT]: { permissions: ['invoice:read'] } },
    routes: [
      { method: 'GET', path: '/health', public: true },
      { method: 'GET', path: '/invoices/{id}', permission: 'invoice:read' },
      { method: 'POST', path: '/invoices/{id}/approve', permission: 'invoice:approve' },
      { method: 'POST', path: '/invoices/{id}/render', permission: 'invoice:render' },
      { method: 'POST', path: '/invoices/{id}/print', permission: 'invoice:print' },
      { method: 'POST', path: '/invoices/{id}/archive', permission: 'invoice:print' },
      { method: 'POST', path: '/invoices/{id}/approval', permission: 'invoice:start' },
      { method: 'GET', path: '/workflows/{run}', permission: 'invoice:start' },
      { method: 'DELETE', path: '/workflows/{run}', permission: 'invoice:start' },
      { method: 'POST', path: '/workflows/{run}/approvals/{state}', permission: 'invoice:decide' },
    ],
    functions: {
      'render-invoice': { target: arn('render-invoice'), permission: 'invoice:render', timeoutSeconds: 8 },
      'print-invoice': { target: arn('print-invoice'), permission: 'invoice:print', deadlineSeconds: 3600 },
      'archive-invoice': {
        target: arn('archive-invoice'),
        permission: 'invoice:print',
        delivery: 'sqs',
        queueUrl: '${ARCHIVE_QUEUE}',
        deadlineSeconds: 3600,
      },
      ...Object.fromEntries(
        ['check-invoice', 'ask-approval', 'pay-invoice', 'pay-small-invoice'].map((name) => [
          name,
          { target: arn(name), permission: 'invoice:start' },
        ]),
      ),
    },
    workflows: {
      'approve-invoice': {
        target: 'arn:aws:states:eu-west-1:123456789012:stateMachine:approve-invoice',
        permission: 'invoice:start',
        deadlineSeconds: 3600,
        steps: {
          Check: step('check-invoice'),
          Approval: step('ask-approval'),
          Pay: step('pay-invoice', { approvedBy: 'Approval' }),
          PaySmall: step('pay-small-invoice'),
        },
        approvals: { Approval: { permission: 'invoice:decide' } },
        viewers: ['approver'],
      },
    },
  };
}

const without = (list, name) => list.filter((one) => one !== name);

/** The same with two rights taken away, as RIGHTS of people.js has it. */
function lessPolicy() {
  const policy = fullPolicy();
  const { clerk, approver } = policy.roles;
  clerk.permissions = without(clerk.permissions, 'invoice:render');
  approver.permissions = without(approver.permissions, 'invoice:approve');
  return policy;
}

/** What another application of the same gateway would have. */
function otherPolicy() {
  const policy = fullPolicy();
  policy.edge.audience = 'payroll.example.internal';
  return policy;
}

const text = (policy) => `${JSON.stringify(policy, undefined, 2)}\n`;

/** Files that somebody wrote by mistake. None may change anything. */
const BAD = [
  () => '',
  () => text(fullPolicy()).slice(0, 1500),
  () => {
    const policy = fullPolicy();
    policy.roles.approver.inherits = ['clark'];
    return text(policy);
  },
  () => {
    const policy = fullPolicy();
    policy.routes.push({ method: 'GET', path: '/invoices/{id}', public: true });
    policy.edge.issuer = '${NOWHERE_SET}';
    return text(policy);
  },
];

module.exports = {
  BAD,
  ROLE_ARN,
  fullPolicy: () => text(fullPolicy()),
  lessPolicy: () => text(lessPolicy()),
  otherPolicy: () => text(otherPolicy()),
};
