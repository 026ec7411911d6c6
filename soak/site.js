'use strict';

const { mkdirSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { definition } = require('./gateways');
const { CLIENT_SECRET, COPILOT, MACHINE, USERS } = require('./people');
const { BAD, ROLE_ARN, fullPolicy, lessPolicy, otherPolicy } = require('./policies');

/** So long a sign-in lasts, in seconds: users sign in anew long before, thieves try it after. */
const SIGN_IN_SECONDS = 40;
const FUNCTIONS = [
  'render-invoice',
  'print-invoice',
  'archive-invoice',
  'check-invoice',
  'ask-approval',
  'pay-invoice',
  'pay-small-invoice',
];
const app = path.join(__dirname, 'app');

function machinePolicy() {
  const provider = '${relay.identityProviderHost}';
  const trust = {
    Effect: 'Allow',
    Principal: { Federated: `arn:aws:iam::123456789012:oidc-provider/${provider}` },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringEquals: { [`${provider}:aud`]: MACHINE, [`${provider}:sub`]: MACHINE } },
  };
  const allow = { Effect: 'Allow', Action: ['lambda:InvokeFunction', 'sqs:SendMessage', 'states:*'], Resource: '*' };
  return { trustPolicy: { Version: '2012-10-17', Statement: [trust] }, policy: { Statement: [allow] } };
}

/** What the app and the functions are told. */
const environment = (files) => ({
  SOAK_APP_POLICY: files.policy,
  SOAK_GATEWAY_POLICY: files.gatewayPolicy,
  SOAK_OTHER_POLICY: files.otherPolicy,
  SOAK_AUDIT_FILE: files.audit,
  SOAK_MEMORY_FILE: files.memory,
  SOAK_CRASH_FILE: files.crashes,
  SOAK_DISK_FILE: files.fullDisk,
  SOAK_STOLEN_FILE: files.stolen,
  BATON_OUTBOX: files.outbox,
  IDP_ISSUER: '${relay.identityProvider}',
  IDP_AUDIENCE: 'api://invoices',
  GATEWAY_JWKS_URI: '${relay.gatewayKeys}',
  GATEWAY_ISSUER: 'https://gateway.example.com',
  APP_ISSUER: 'https://invoices.example.com',
  APP_JWKS_URI: '${relay.appKeys}',
  ARCHIVE_QUEUE: '${relay.queues}/archive',
  AWS_REGION: 'eu-west-1',
});

const IDENTITY_PROVIDER = {
  tenant: '4f8ad2f0-6a1c-4a53-9d55-0f2d3f1f6f01',
  audience: 'api://invoices',
  tokenLifetimeSeconds: SIGN_IN_SECONDS,
  users: USERS,
  clients: [
    { clientId: 'invoices-web', redirectUris: ['http://127.0.0.1/signed-in'], grantTypes: ['authorization_code'] },
    {
      clientId: COPILOT,
      clientSecret: CLIENT_SECRET,
      grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange'],
    },
    { clientId: MACHINE, clientSecret: CLIENT_SECRET, grantTypes: ['client_credentials'] },
  ],
};

/** `baton.dev.json`: the relay's configuration. */
function configuration(files) {
  return {
    webConfig: path.join(app, 'web.config'),
    authorizer: path.join(app, 'functions', 'authorizer.js'),
    functions: Object.fromEntries(
      FUNCTIONS.map((name) => [name, { file: path.join(app, 'functions', `${name}.js`), timeoutSeconds: 60 }]),
    ),
    gateways: { http: 'gateway.http.json', rest: 'gateway.rest.json' },
    stateMachines: {
      'approve-invoice': {
        definition: path.join(app, 'approve-invoice.asl.json'),
        roleArn: 'arn:aws:iam::123456789012:role/approve-invoice',
      },
    },
    sqs: {
      queues: { archive: { VisibilityTimeout: '60' } },
      eventSources: [
        { queue: 'archive', functionName: 'archive-invoice', maximumConcurrency: 2, reportBatchItemFailures: true },
      ],
    },
    sts: { audiences: [MACHINE], managedIdentity: { clientId: MACHINE }, roles: { [ROLE_ARN]: machinePolicy() } },
    environment: environment(files),
    identityProvider: IDENTITY_PROVIDER,
  };
}

/** Everything that the run writes, in one folder that goes away with it. */
function makeSite(folder) {
  const at = (...names) => path.join(folder, ...names);
  for (const name of ['config', 'audit', 'outbox', 'logs']) mkdirSync(at(name));
  const files = {
    config: at('config', 'baton.dev.json'),
    policy: at('config', 'baton.policy.json'),
    gatewayPolicy: at('config', 'gateway.policy.json'),
    otherPolicy: at('config', 'other.policy.json'),
    audit: at('audit', 'audit.jsonl'),
    memory: at('memory.jsonl'),
    crashes: at('crashes.jsonl'),
    events: at('events.jsonl'),
    fullDisk: at('full-disk'),
    stolen: at('stolen.json'),
    outbox: at('outbox', 'outbox.db'),
    logs: at('logs'),
  };
  for (const kind of ['http', 'rest'])
    writeFileSync(at('config', `gateway.${kind}.json`), JSON.stringify(definition(kind)));
  for (const file of [files.crashes, files.events, files.memory]) writeFileSync(file, '');
  writeFileSync(files.policy, fullPolicy());
  writeFileSync(files.gatewayPolicy, fullPolicy());
  writeFileSync(files.otherPolicy, otherPolicy());
  writeFileSync(files.config, JSON.stringify(configuration(files)));
  return files;
}

/** Replaces the app's policy file: `full`, `less`, or `bad0` and on, which are no policies. */
function replacePolicy(files, version) {
  const texts = { full: fullPolicy, less: lessPolicy };
  const content = (texts[version] ?? BAD[Number(version.slice(3)) % BAD.length])();
  writeFileSync(`${files.policy}.new`, content);
  renameSync(`${files.policy}.new`, files.policy);
}

const fillDisk = (files, kind) => writeFileSync(files.fullDisk, kind);
const freeDisk = (files) => rmSync(files.fullDisk, { force: true });

module.exports = { fillDisk, freeDisk, makeSite, replacePolicy };
