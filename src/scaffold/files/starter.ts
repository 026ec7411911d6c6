import { scriptExtension, type Plan } from '../plan';
import { fromWebRoot } from './web-config';

const PATHS = String.raw`/^BATON_(?:POLICY|[A-Z_]+_FILE)$/i`;

const isTypeScript = (path: string): boolean => /\.[cm]?ts$/.test(path);

/**
 * How the app is brought to listen: it does so itself when its entry is loaded, or it only exports itself, as apps made by a
 * generator do, or waits to be the main module, which under iisnode it never is.
 */
function startsItself({ project: { appFile, appPath, entry } }: Plan): boolean {
  if (appFile === undefined || appPath === undefined || !appFile.exportsApp) return true;
  // The source of what is compiled: only the result can be loaded, and the entry is the one that is known.
  if (isTypeScript(appPath)) return true;
  return appPath === entry && appFile.listensItself;
}

/** The name that the starter loads the app by, as a text of JavaScript. */
function moduleName(plan: Plan, path: string): string {
  const name = fromWebRoot(plan, path);
  return `'${name.startsWith('.') ? name : `./${name}`}'`;
}

function loading(plan: Plan): string {
  const { entry, appPath = entry, appFile, esModules } = plan.project;
  const isEsm = esModules || (appFile?.modules === 'esm' && !isTypeScript(appPath));
  if (startsItself(plan)) {
    const name = moduleName(plan, entry);
    return isEsm ? `import(${name});` : `require(${name});`;
  }
  const name = moduleName(plan, appPath);
  return isEsm
    ? `const { listen } = require('iis-baton/iis');\nimport(${name}).then(({ default: app }) => listen(app));`
    : `const { listen } = require('iis-baton/iis');\nlisten(require(${name}));`;
}

/** The script that iisnode starts: the web root holds it and web.config, and nothing of the app. */
export function starterText(plan: Plan): string {
  return `'use strict';

// IIS serves this folder and nothing above it, so the app, its packages and the policy are out of its reach. iisnode starts
// this script in this folder. Paths in web.config are relative to it; the app's own are relative to the app's folder.
const path = require('node:path');

for (const [name, value] of Object.entries(process.env)) {
  if (${PATHS}.test(name)) process.env[name] = path.resolve(__dirname, value);
}
process.chdir(path.join(__dirname, '${fromWebRoot(plan, '.').replace(/\/\.$/, '')}'));

${loading(plan)}
`;
}

/** The name of the starter. */
export const starterName = (plan: Pick<Plan, 'project'>): string => `server${scriptExtension(plan.project)}`;
