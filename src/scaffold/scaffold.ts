import { fieldScript } from '../iis/log-fields-script';
import { devConfig } from './files/dev-config';
import { definitionName, gatewayDefinition } from './files/gateway-definition';
import { keyFiles } from './files/keys';
import { authorizerName, authorizerText, functionFileName, functionText } from './files/lambda-code';
import { policyDocument } from './files/policy';
import { samConfigText, samTemplateText } from './files/sam-template';
import { starterText } from './files/starter';
import { webConfigText } from './files/web-config';
import { AWS_FOLDER, hasGateway, jsonText, POLICY_FILE, type Plan, type PlannedFile } from './plan';

/** What comes from outside: the clock, and the package's own template. */
export interface ScaffoldSources {
  /** The text of the package's web.config. */
  readonly webConfigTemplate: string;
  /** Milliseconds since the epoch; dates the keys. */
  readonly now: number;
}

function siteFiles(plan: Plan, template: string): PlannedFile[] {
  const { layout } = plan;
  const inRoot = (name: string): string => (layout.webRoot === '' ? name : `${layout.webRoot}/${name}`);
  const starter = {
    path: inRoot(layout.script),
    text: starterText(plan),
    purpose: 'what iisnode starts: it loads your app',
  };
  return [
    {
      path: inRoot('web.config'),
      text: webConfigText(plan, template),
      purpose: 'IIS: handler, rewrite rule, header limits, environment of the app',
    },
    ...(layout.writesScript ? [starter] : []),
  ];
}

function gatewayFiles(plan: Plan): PlannedFile[] {
  const inAws = (name: string, text: string, purpose: string): PlannedFile => ({
    path: `${AWS_FOLDER}/${name}`,
    text,
    purpose,
  });
  return [
    inAws('template.yaml', samTemplateText(plan), 'SAM: the API, its authorizer, its access log'),
    inAws('samconfig.toml', samConfigText(plan), 'stack, Region and parameters of "sam deploy"'),
    inAws(
      definitionName(plan),
      jsonText(gatewayDefinition(plan)),
      'OpenAPI: routes, and which headers are overwritten',
    ),
    inAws(authorizerName(plan), authorizerText(plan), 'the Lambda authorizer'),
    ...plan.functions.map((name) =>
      inAws(`functions/${functionFileName(plan, name)}`, functionText(plan), `the Lambda function ${name}`),
    ),
    { path: 'baton.dev.json', text: jsonText(devConfig(plan)), purpose: 'what "npx baton dev" runs on this machine' },
  ];
}

function logFieldScripts({ site, layout }: Plan): PlannedFile[] {
  return [
    {
      path: `${layout.config}/iis-log-fields.ps1`,
      // Windows PowerShell takes a file without the mark for one in the server's own code page.
      text: `\uFEFF${fieldScript({ site, format: 'powershell' })}`,
      purpose: 'run once on the server: the correlation ID in the log of IIS',
    },
    {
      path: `${layout.config}/iis-log-fields.cmd`,
      text: fieldScript({ site, format: 'appcmd' }),
      purpose: 'the same with appcmd',
    },
  ];
}

/**
 * Every file that a plan comes to. Nothing is written.
 *
 * Two runs give the same files but for the keys, which are made anew.
 */
export async function scaffold(plan: Plan, { webConfigTemplate, now }: ScaffoldSources): Promise<PlannedFile[]> {
  return [
    ...siteFiles(plan, webConfigTemplate),
    {
      path: `${plan.layout.config}/${POLICY_FILE}`,
      text: jsonText(policyDocument(plan)),
      purpose: 'the policy: what each route asks for, and who has it',
    },
    ...(await keyFiles(plan, now)),
    ...(hasGateway(plan) ? gatewayFiles(plan) : []),
    ...logFieldScripts(plan),
  ];
}
