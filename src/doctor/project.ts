import { dirname, join } from 'node:path';
import { BatonError } from '../core/errors';
import { POLICY_VARIABLE } from '../policy/load';
import { readApplicationHost, type ApplicationHost } from './application-host';
import { parseDataFile, type DataFile } from './data-file';
import type { Place } from './finding';
import { findGateways, type Attempt } from './gateway-files';
import { hostVariables } from './host-variables';
import { readPolicyFile, type PolicyReading } from './policy-file';
import { fromFile, ProjectFiles, type ReadFile } from './project-files';
import { readScripts } from './scripts';
import { readSite, type Site } from './site';
import { isWindowsAbsolute } from './windows-path';
import type { Variable } from './variable';
import { XmlFile } from './xml-file';

/** The policy file of the project. */
export interface ProjectPolicy extends PolicyReading {
  /** Absolute. */
  readonly path: string;
  /** The file as it is written: `${NAME}`s not filled. */
  readonly data: DataFile;
}

/** A policy that a variable names, and that is not there. */
export interface MissingPolicy {
  readonly place: Place | undefined;
  readonly named: string;
  /** Whether its folder is there: without it, the project is laid out on the server in another way. */
  readonly folderIsThere: boolean;
}

/** A file that cannot be understood. */
export interface BrokenFile {
  readonly place: Place;
  readonly message: string;
}

/** Everything that is examined. A member that is undefined or empty was not there: rules about it say nothing. */
export interface Project {
  /** Absolute. */
  readonly directory: string;
  /** Absolute; the folder of web.config. */
  readonly siteDirectory: string;
  readonly site: Site | undefined;
  readonly applicationHost: ApplicationHost | undefined;
  readonly policy: ProjectPolicy | undefined;
  /** SAM and CloudFormation templates, OpenAPI definitions. */
  readonly gateways: readonly DataFile[];
  readonly packageJson: DataFile | undefined;
  /** What web.config gives the app's process, over the environment that was given. */
  readonly environment: ReadonlyMap<string, Variable>;
  /** Files that could not be understood; a rule reports them, and no other rule sees them. */
  readonly broken: readonly BrokenFile[];
  /** The files that were read, by their names in findings. */
  readonly examined: readonly string[];
  /** The policy that is named and not there. */
  readonly missingPolicy: MissingPolicy | undefined;
  /** A file that a file of the project names, relative to that one; undefined where it is not there. */
  readBeside(file: string, named: string): ReadFile | undefined;
}

/** Where to look. Paths are relative to the working directory; those that are not given are looked for. */
export interface ProjectOptions {
  readonly directory: string;
  readonly policy?: string | undefined;
  readonly gateways?: readonly string[] | undefined;
  readonly applicationHost?: string | undefined;
  readonly siteName?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The server's own file, on a Windows machine. */
const SYSTEM_APPLICATION_HOST = 'System32/inetsrv/config/applicationHost.config';

/**
 * Reads a project.
 *
 * @param texts texts that replace what is on disk, by name in findings
 * @throws BatonError `option_invalid` where a file that the options name is not there, or nothing is there to examine
 */
export function readProject(options: ProjectOptions, texts?: ReadonlyMap<string, string>): Project {
  const files = new ProjectFiles(options.directory, texts);
  const broken: BrokenFile[] = [];
  const attempt = attemptsInto(broken);
  const webConfig = findWebConfig(files);
  const siteDirectory = webConfig === undefined ? files.pathOf('.') : dirname(webConfig.path);
  const site = webConfig && attempt(webConfig.file, () => siteOf(files, webConfig, options.environment));
  const host = findApplicationHost(files, options);
  const applicationHost =
    host &&
    attempt(host.file, () => readApplicationHost(new XmlFile(host.file, host.text), options.siteName, siteDirectory));
  const environment = environmentOf(options.environment, site);
  const policyFile = findPolicy(files, options, siteDirectory, environment);
  const policy = policyFile.found && attempt(policyFile.found.file, () => policyOf(policyFile.found, environment));
  const gateways = findGateways(files, siteDirectory, options.gateways, attempt);
  const manifest = files.read(join(siteDirectory, 'package.json')) ?? files.read(files.pathOf('package.json'));
  if (!webConfig && !host && !policyFile.found && gateways.length === 0 && broken.length === 0) {
    throw new BatonError(
      'option_invalid',
      `There is nothing to examine in ${files.pathOf('.')}: no web.config, applicationHost.config, policy or gateway template. Name the folder of the site.`,
    );
  }
  return {
    directory: files.pathOf('.'),
    siteDirectory,
    site,
    applicationHost,
    policy,
    gateways,
    packageJson: manifest && attempt(manifest.file, () => parseDataFile(manifest.file, manifest.text)),
    environment,
    broken,
    examined: [
      webConfig?.file,
      ...(site?.xml.included ?? []),
      site?.iisnodeYml?.file,
      host?.file,
      policyFile.found?.file,
    ]
      .concat(gateways.map(({ file }) => file))
      .filter((file) => file !== undefined),
    missingPolicy: policyFile.missing,
    readBeside: (file, named) => files.read(fromFile(files.pathOf(file), named)),
  };
}

/** Reads files, of which one that cannot be understood is a finding, and not the end. */
function attemptsInto(broken: BrokenFile[]): Attempt {
  return (file, read) => {
    try {
      return read();
    } catch (thrown) {
      if (!(thrown instanceof BatonError) || thrown.code !== 'option_invalid') throw thrown;
      // The line of another file, which was met while this one was read, is none of this one.
      const line = thrown.message.startsWith(`${file}, `) ? /, line (\d+): /.exec(thrown.message) : null;
      broken.push({ place: { file, line: Number(line?.[1] ?? 1) }, message: thrown.message });
      return undefined;
    }
  };
}

/** The directory is the site, or the only one of its folders with a web.config is. */
function findWebConfig(files: ProjectFiles): ReadFile | undefined {
  const here = readAnyCase(files, files.pathOf('.'), 'web.config');
  if (here !== undefined) return here;
  const below = files
    .list(files.pathOf('.'))
    .filter(({ isFolder, name }) => isFolder && name !== 'node_modules')
    .flatMap(({ path }) => readAnyCase(files, path, 'web.config') ?? []);
  if (below.length > 1) {
    const [first, second] = below.map(({ file }) => file);
    const more = below.length > 2 ? ` and ${below.length - 2} more` : '';
    throw new BatonError(
      'option_invalid',
      `There are several sites here: ${first}, ${second}${more}. Name the folder of one.`,
    );
  }
  return below[0];
}

/** Windows does not tell `Web.config` from `web.config`, and Visual Studio writes the former. */
function readAnyCase(files: ProjectFiles, folder: string, name: string): ReadFile | undefined {
  const entry = files.list(folder).find((one) => !one.isFolder && one.name.toLowerCase() === name.toLowerCase());
  return entry && files.read(entry.path);
}

function siteOf(files: ProjectFiles, { file, path, text }: ReadFile, environment: ProjectOptions['environment']): Site {
  const beside = (name: string): ReadFile | undefined =>
    isWindowsAbsolute(name) ? undefined : files.read(fromFile(path, name));
  // A path such as `*` names no file.
  const scripts = (script: string): ReturnType<typeof readScripts> =>
    /^[\w./\\-]+$/.test(script) ? readScripts(fromFile(path, script), (at) => files.read(at), fromFile) : [];
  return readSite(new XmlFile(file, text, beside), beside, scripts, environment);
}

function findApplicationHost(files: ProjectFiles, { applicationHost }: ProjectOptions): ReadFile | undefined {
  if (applicationHost !== undefined) return files.readNamed(applicationHost);
  const here = readAnyCase(files, files.pathOf('.'), 'applicationHost.config');
  const windows = process.env['SystemRoot'];
  if (here !== undefined || process.platform !== 'win32' || windows === undefined) return here;
  try {
    return files.read(join(windows, SYSTEM_APPLICATION_HOST));
  } catch {
    // Only administrators may read it, and doctor does not ask to be one.
    return undefined;
  }
}

function environmentOf(given: ProjectOptions['environment'], site: Site | undefined): Project['environment'] {
  const inherited = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, { value }] as const],
  );
  return new Map<string, Variable>([...inherited, ...(site === undefined ? [] : hostVariables(site))]);
}

/** Named by option, by `BATON_POLICY`, or by its usual name. */
function findPolicy(
  files: ProjectFiles,
  { policy }: ProjectOptions,
  siteDirectory: string,
  environment: Project['environment'],
): { readonly found: ReadFile | undefined; readonly missing: MissingPolicy | undefined } {
  if (policy !== undefined) return { found: files.readNamed(policy), missing: undefined };
  const usual = ['.', 'config', '../config'].map((folder) => join(siteDirectory, folder, 'baton.policy.json'));
  const lookFor = (): ReadFile | undefined => usual.flatMap((path) => files.read(path) ?? [])[0];
  const variable = environment.get(POLICY_VARIABLE);
  if (variable === undefined || variable.value === '') return { found: lookFor(), missing: undefined };
  // A path of another machine is not looked for on this one.
  if (isWindowsAbsolute(variable.value) && process.platform !== 'win32' && !variable.value.startsWith('/')) {
    return { found: lookFor(), missing: undefined };
  }
  const path = fromFile(join(siteDirectory, 'web.config'), variable.value);
  const found = files.read(path);
  if (found !== undefined) return { found, missing: undefined };
  const folderIsThere = files.list(dirname(path)).length > 0;
  return { found: lookFor(), missing: { place: variable.place, named: variable.value, folderIsThere } };
}

function policyOf(found: ReadFile | undefined, environment: Project['environment']): ProjectPolicy | undefined {
  if (found === undefined) return undefined;
  const data = parseDataFile(found.file, found.text);
  return { path: found.path, data, ...readPolicyFile(found.path, data, environment) };
}
