import { accessLogFormatText } from '../../correlation/access-log-format';
import { AWS_FOLDER, type Plan } from '../plan';
import { authorizerName, functionFileName } from './lambda-code';
import { definitionName } from './gateway-definition';
import { policySettings } from './policy';

/** A value that whoever deploys gives, and what it is. */
interface Parameter {
  readonly name: string;
  readonly description: string;
  readonly pattern?: string;
  readonly value: string;
}

/** `IDP_ISSUER` as a parameter's name: `IdpIssuer`. */
const parameterName = (variable: string): string =>
  variable.toLowerCase().replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** What CloudFormation knows by itself. */
const PSEUDO: Readonly<Record<string, string>> = { AWS_ACCOUNT: 'AWS::AccountId', AWS_REGION: 'AWS::Region' };

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  IDP_ISSUER: 'Issuer of the access tokens that clients send, to the letter',
  IDP_AUDIENCE: 'Audience of those tokens',
  GATEWAY_ISSUER: 'Issuer of the Transaction Tokens; the same as in web.config',
  GATEWAY_JWKS_URI: "Where the public half of the authorizer's key is published; the same as in web.config",
  APP_ISSUER: "Issuer of the app's hand-over tokens; the same as in web.config",
  APP_JWKS_URI: "Where the public half of the app's key is published; the same as in web.config",
};

export const secretName = ({ name }: Plan): string => `${name}/gateway-signing-key`;

/** The parameters of the template, with values to begin with. */
function templateParameters(plan: Plan): readonly Parameter[] {
  const { api, host, region, account } = plan;
  const listener = `arn:aws:elasticloadbalancing:${region}:${account}:listener/app/${plan.name}/0000000000000000/0000000000000000`;
  return [
    {
      name: 'OriginHost',
      description: 'Host, and port if it is not 443, of the IIS site. No scheme',
      pattern: '[A-Za-z0-9.-]+(:[0-9]+)?',
      value: host,
    },
    {
      name: 'VpcLinkId',
      description:
        api === 'rest'
          ? 'ID of the VPC link whose network load balancer has the IIS servers as targets'
          : 'ID of the VPC link (of HTTP APIs) into the subnets of the load balancer in front of the IIS servers',
      pattern: '[a-z0-9]+',
      value: 'abc123',
    },
    ...(api === 'http'
      ? [{ name: 'OriginListenerArn', description: "ARN of that load balancer's https listener", value: listener }]
      : []),
    ...Object.entries(policySettings(plan))
      .filter(([variable]) => PSEUDO[variable] === undefined)
      .map(([variable, value]) => ({
        name: parameterName(variable),
        description: DESCRIPTIONS[variable] ?? variable,
        value,
      })),
    {
      name: 'SigningKeySecret',
      description: "Name of the Secrets Manager secret whose text is the authorizer's key ring",
      value: secretName(plan),
    },
    ...(plan.functions.length > 0
      ? [
          {
            name: 'AppRoleArn',
            description: 'The IAM role that the app calls functions with',
            value: `arn:aws:iam::${account}:role/${plan.name}-app`,
          },
        ]
      : []),
  ];
}

/** A text in single quotes, as YAML has it. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const indented = (lines: readonly string[], by: number): string[] =>
  lines.map((line) => (line === '' ? line : `${' '.repeat(by)}${line}`));

function parameterLines(plan: Plan): string[] {
  return templateParameters(plan).flatMap(({ name, description, pattern }) => [
    `${name}:`,
    '  Type: String',
    ...(pattern === undefined ? [] : [`  AllowedPattern: ${quoted(pattern)}`]),
    `  Description: ${quoted(description)}`,
  ]);
}

function environmentLines(plan: Plan): string[] {
  return Object.keys(policySettings(plan))
    .filter((variable) => variable !== 'AWS_REGION')
    .map((variable) => `${variable}: !Ref ${PSEUDO[variable] ?? parameterName(variable)}`);
}

/** Only what the handler requires goes into the code: not the app, and above all not the keys beside the policy. */
const bundled = (entry: string): string[] => [
  'Metadata:',
  '  BuildMethod: esbuild',
  '  BuildProperties:',
  '    Target: node22',
  `    EntryPoints: [${entry}]`,
];

function authorizerLines(plan: Plan): string[] {
  return [
    'BatonAuthorizer:',
    '  Type: AWS::Serverless::Function',
    ...indented(bundled(`${AWS_FOLDER}/${authorizerName(plan)}`), 2),
    '  Properties:',
    '    Handler: authorizer.handler',
    '    # An HTTP API gives up on an authorizer after 10 s; a slow identity provider must fail before that.',
    '    Timeout: 8',
    '    MemorySize: 256',
    '    Environment:',
    '      Variables:',
    "        # Filled in at deployment, so everybody who may read the function's configuration can read the key.",
    "        BATON_SIGNING_KEY: !Sub '{{resolve:secretsmanager:${SigningKeySecret}:SecretString}}'",
    '',
    'AuthorizerPermission:',
    '  Type: AWS::Lambda::Permission',
    '  Properties:',
    '    Action: lambda:InvokeFunction',
    '    FunctionName: !GetAtt BatonAuthorizer.Arn',
    '    Principal: apigateway.amazonaws.com',
    '    SourceArn: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/authorizers/*',
    '',
  ];
}

function apiLines(plan: Plan): string[] {
  const rest = plan.api === 'rest';
  const definition = ['DefinitionBody:', '  Fn::Transform:', '    Name: AWS::Include', '    Parameters:'];
  return [
    ...(rest
      ? [
          '# A REST API writes access logs only where the account has a role for it (AWS::ApiGateway::Account), once a Region.',
        ]
      : []),
    'AccessLog:',
    '  Type: AWS::Logs::LogGroup',
    '  Properties:',
    '    RetentionInDays: 90',
    '',
    'Api:',
    `  Type: AWS::Serverless::${rest ? 'Api' : 'HttpApi'}`,
    '  Properties:',
    `    StageName: ${rest ? 'prod' : '$default'}`,
    ...(rest ? ['    EndpointConfiguration:', '      Type: REGIONAL'] : []),
    ...indented(definition, 4),
    `          Location: ${definitionName(plan)}`,
    ...(rest ? ['    Variables:', '      origin: !Ref OriginHost', '    TracingEnabled: true'] : []),
    `    ${rest ? 'AccessLogSetting' : 'AccessLogSettings'}:`,
    '      DestinationArn: !GetAtt AccessLog.Arn',
    '      # What "baton logs gateway-format" prints.',
    `      Format: ${quoted(accessLogFormatText(plan.api))}`,
  ];
}

/** A logical ID may hold letters and digits only. */
const logicalId = (name: string): string => parameterName(name.replaceAll('-', '_')).replace(/[^A-Za-z0-9]/g, '');

function functionLines(plan: Plan): string[] {
  return plan.functions.flatMap((name) => [
    '',
    `${logicalId(name)}Function:`,
    '  Type: AWS::Serverless::Function',
    ...indented(bundled(`${AWS_FOLDER}/functions/${functionFileName(plan, name)}`), 2),
    '  Properties:',
    `    FunctionName: ${name}`,
    `    Handler: ${name}.handler`,
    "    # The policy's target is the alias: a deployment moves it only when the new version stands.",
    '    AutoPublishAlias: live',
    '    Timeout: 10',
    '',
    `AppMayCall${logicalId(name)}:`,
    '  Type: AWS::Lambda::Permission',
    '  Properties:',
    '    Action: lambda:InvokeFunction',
    `    FunctionName: !Ref ${logicalId(name)}Function.Alias`,
    '    Principal: !Ref AppRoleArn',
  ]);
}

/** The SAM template: the authorizer, the API in front of the IIS site, its access log, and the app's functions. */
export function samTemplateText(plan: Plan): string {
  const url = plan.api === 'rest' ? '/prod' : '';
  return [
    "AWSTemplateFormatVersion: '2010-09-09'",
    'Transform: AWS::Serverless-2016-10-31',
    `Description: ${quoted(`API Gateway in front of ${plan.name} on IIS, with Baton's authorizer. Deploy with sam build, then sam deploy`)}`,
    '',
    'Parameters:',
    ...indented(parameterLines(plan), 2),
    '',
    'Globals:',
    '  Function:',
    '    Runtime: nodejs22.x',
    '    CodeUri: ..',
    '    Environment:',
    '      Variables:',
    ...indented(environmentLines(plan), 8),
    '',
    'Resources:',
    ...indented([...authorizerLines(plan), ...apiLines(plan), ...functionLines(plan)], 2),
    '',
    'Outputs:',
    '  ApiUrl:',
    '    Description: Where clients call the API',
    `    Value: !Sub https://\${Api}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}${url}`,
    '',
  ].join('\n');
}

/** A text in TOML's double quotes. */
const toml = (text: string): string => JSON.stringify(text);

/** What `sam deploy` needs to know: the stack, the Region, a value for each parameter. */
export function samConfigText(plan: Plan): string {
  const overrides = templateParameters(plan).map(({ name, value }) => `  ${toml(`${name}=${value}`)},`);
  return [
    '# Read by "sam build" and "sam deploy" in this folder. CHANGE the values; those of web.config must be the same.',
    'version = 0.1',
    '',
    '[default.deploy.parameters]',
    `stack_name = ${toml(`${plan.name}-gateway`)}`,
    `region = ${toml(plan.region)}`,
    'resolve_s3 = true',
    'capabilities = "CAPABILITY_IAM CAPABILITY_AUTO_EXPAND"',
    'parameter_overrides = [',
    ...overrides,
    ']',
    '',
  ].join('\n');
}
