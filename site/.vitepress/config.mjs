import { EXAMPLES } from '../pages.mjs';
import { decisions, reference } from '../menu.mjs';

const item = (text, link) => ({ text, link: `/${link}` });

export default {
  title: 'Baton',
  description: "Carries a caller's identity from AWS API Gateway, through Express on IIS, on to Lambda.",
  srcDir: 'content',
  cleanUrls: false,
  lastUpdated: false,
  // Pages are written as plain Markdown; what looks like HTML in them is text.
  markdown: { html: false, lineNumbers: false },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [item('Get started', 'getting-started'), item('Reference', 'reference/'), item('Changelog', 'changelog')],
    sidebar: [
      { text: 'Begin', items: [item('What it is', 'overview'), item('Getting started', 'getting-started')] },
      {
        text: 'Tasks',
        items: [
          item('Put behind API Gateway', 'edges#api-gateway-with-baton-s-authorizer-txn-token'),
          item('Other edges', 'edges'),
          item('Windows sign-in', 'edges#windows-sign-in-of-iis-windows'),
          item('Host modes of IIS', 'hosting'),
          item('Call a Lambda', 'offload'),
          item('Leave work behind', 'outbox'),
          item('Write the function', 'function'),
          item('Start and approve a workflow', 'workflows'),
          item('No static AWS keys', 'credentials'),
          item('Microsoft Entra ID', 'entra'),
          item('Calls to others', 'outgoing'),
          item('Copilots and agents', 'agents'),
          item('Move from passport, express-jwt', 'migrating'),
          item('Test your app', 'testing'),
          item('The relay on one machine', 'local-relay'),
        ],
      },
      {
        text: 'Operate',
        items: [
          item('Read a trace', 'trace'),
          item('Logs and metrics', 'logging'),
          item('Log formats', 'log-formats'),
          item('The logs of IIS', 'iis-logs'),
          item('Audit trail', 'audit'),
          item('Keys', 'keys'),
          item('Replay', 'replay'),
          item('What doctor checks', 'rules'),
          item('Errors', 'errors'),
        ],
      },
      { text: 'Look up', items: [item('Policy file', 'policy'), item('web.config', 'web-config'), ...reference()] },
      { text: 'Examples', collapsed: true, items: EXAMPLES.map((name) => item(name, `examples/${name}`)) },
      {
        text: 'Understand',
        items: [
          item('Architecture', 'architecture'),
          item('Threat model', 'threat-model'),
          item('Benchmarks', 'benchmarks'),
          item('Security', 'security'),
        ],
      },
      { text: 'Decisions', collapsed: true, items: decisions() },
    ],
  },
};
