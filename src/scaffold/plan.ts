import type { AppProject } from './project';
import type { EdgeChoice } from './edges';
import type { Route } from './routes';

/** Everything that the files are made from. Paths are relative to the app's folder, with `/`. */
export interface Plan {
  readonly project: AppProject;
  /** The application's name: in the policy, the stack, the secrets. */
  readonly name: string;
  readonly edge: EdgeChoice;
  /** Issuer and audience of the access tokens that clients send. */
  readonly identityProvider: { readonly issuer: string; readonly audience: string };
  /** Host, with port if it is not 443, under which the gateway reaches the IIS site. */
  readonly host: string;
  /** The IIS site's name. */
  readonly site: string;
  readonly region: string;
  readonly account: string;
  readonly api: 'rest' | 'http';
  /** The Lambda functions that the app calls. */
  readonly functions: readonly string[];
  readonly routes: readonly Route[];
  readonly layout: Layout;
}

/** Where things lie. */
export interface Layout {
  /** The folder that IIS serves; empty where it is the app's folder itself. */
  readonly webRoot: string;
  /** Policy and keys; never in the web root. */
  readonly config: string;
  /** What iisnode starts, relative to the web root. */
  readonly script: string;
  /** Whether `script` is a file that has to be written, which starts the app's own entry. */
  readonly writesScript: boolean;
}

/** A file that is to be written. */
export interface PlannedFile {
  /** Relative to the app's folder; may begin with `../`. */
  readonly path: string;
  readonly text: string;
  /** One line: what it is for. */
  readonly purpose: string;
  /** Holds a private key: readable by its owner alone. */
  readonly isSecret?: true;
  /** Files that belong together: where one of them is there already, the others are not made anew. */
  readonly group?: string;
}

/** The folder of what is deployed to AWS. */
export const AWS_FOLDER = 'aws';

/** Whether the edge is API Gateway with Baton's authorizer: only then is there something to deploy, and a relay to run. */
export const hasGateway = ({ edge }: Plan): boolean => edge.profile === 'txn-token';

/** A CommonJS file's extension: in a package of ES modules `.js` would be one. */
export const scriptExtension = ({ esModules }: AppProject): string => (esModules ? '.cjs' : '.js');

export const POLICY_FILE = 'baton.policy.json';

const LINE_WIDTH = 110;

/** A value on one line, with blanks inside of braces. */
function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${oneLine(item)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

function laidOut(value: unknown, indent: string, before: number, isRoot = false): string {
  const line = oneLine(value);
  if (typeof value !== 'object' || value === null || (!isRoot && before + line.length <= LINE_WIDTH)) return line;
  const deeper = `${indent}  `;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const items = Object.entries(value).map(([name, item]) => {
    const label = Array.isArray(value) ? '' : `${JSON.stringify(name)}: `;
    return `${deeper}${label}${laidOut(item, deeper, deeper.length + label.length)}`;
  });
  return `${open}\n${items.join(',\n')}\n${indent}${close}`;
}

/** JSON as people read and edit it: what fits on a line stands on one. */
export const jsonText = (value: unknown): string => `${laidOut(value, '', 0, true)}\n`;
