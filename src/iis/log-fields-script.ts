import { BatonError } from '../core/errors';
import { CORRELATION_LOG_FIELDS, USER_LOG_FIELD, type W3cCustomField } from './w3c-log';

/** How the fields are added: with PowerShell's WebAdministration module, or with appcmd in a batch file. */
export const FIELD_SCRIPT_FORMATS = ['powershell', 'appcmd'] as const;
export type FieldScriptFormat = (typeof FIELD_SCRIPT_FORMATS)[number];

/** What {@link fieldScript} is told. */
export interface FieldScriptOptions {
  /** The IIS site's name, as IIS Manager shows it. */
  readonly site: string;
  readonly format: FieldScriptFormat;
  /** Adds the column of the caller's stand-in as well. Default: false. */
  readonly userField?: boolean;
}

/**
 * What IIS itself refuses in a site's name, and what would end the quotes that it stands in here: a name is text, never
 * a part of the script.
 */
const NO_SITE_NAME = /[\\/?;:@&=+$,|"<>'%^!`[\]\p{Cc}\u2018-\u201f]/u;

/**
 * Refuses a text that cannot be the name of an IIS site.
 * @throws BatonError `option_invalid`
 */
export function checkSiteName(site: string): void {
  if (site.trim() !== '' && site.length <= 260 && !NO_SITE_NAME.test(site)) return;
  throw new BatonError('option_invalid', `${JSON.stringify(site)} cannot be the name of an IIS site.`);
}

function powershell(site: string, fields: readonly W3cCustomField[]): string[] {
  const rows = fields.map(
    ({ logFieldName, sourceName, sourceType }) =>
      `  @{ logFieldName = '${logFieldName}'; sourceName = '${sourceName}'; sourceType = '${sourceType}' }`,
  );
  return [
    `# Adds custom fields to the log of the IIS site '${site}'. For Windows PowerShell, run as an administrator, on`,
    '# IIS 8.5 or later. What is there already is left as it is: running it again changes nothing.',
    "$ErrorActionPreference = 'Stop'",
    'Import-Module WebAdministration',
    `$site = '${site}'`,
    "$apphost = 'MACHINE/WEBROOT/APPHOST'",
    '$filter = "system.applicationHost/sites/site[@name=\'$site\']/logFile"',
    '$fields = @(',
    ...rows.map((row, at) => (at < rows.length - 1 ? `${row},` : row)),
    ')',
    '',
    'if (-not (Test-Path "IIS:\\Sites\\$site")) { throw "There is no site named $site." }',
    "$logFormat = Get-WebConfigurationProperty -PSPath $apphost -Filter $filter -Name 'logFormat'",
    'if ($null -ne $logFormat.Value) { $logFormat = $logFormat.Value }',
    'if ("$logFormat" -ne \'W3C\') { throw "The site logs as $logFormat; only the W3C format has custom fields." }',
    '',
    'foreach ($field in $fields) {',
    '  $there = (Get-WebConfigurationProperty -PSPath $apphost -Filter "$filter/customFields" -Name \'.\').Collection |',
    '    Where-Object { $_.logFieldName -eq $field.logFieldName }',
    '  if (-not $there) {',
    '    Add-WebConfigurationProperty -PSPath $apphost -Filter "$filter/customFields" -Name \'.\' -Value $field',
    '    Write-Output "added    $($field.logFieldName)"',
    '  } elseif ($there.sourceName -eq $field.sourceName -and "$($there.sourceType)" -eq $field.sourceType) {',
    '    Write-Output "present  $($field.logFieldName)"',
    '  } else {',
    '    throw "$($field.logFieldName) is there, but from $($there.sourceName) ($($there.sourceType)). Rename or remove it."',
    '  }',
    '}',
    '',
    '# To check: the columns of the site, then the file that IIS starts for them (its name ends in _x.log), after a request.',
    '(Get-WebConfigurationProperty -PSPath $apphost -Filter "$filter/customFields" -Name \'.\').Collection |',
    '  Format-Table logFieldName, sourceName, sourceType',
    '# netsh http flush logbuffer',
    '# Select-String -Path "$env:SystemDrive\\inetpub\\logs\\LogFiles\\W3SVC*\\*_x.log" -Pattern \'^#Fields:\' | Select-Object -Last 1',
  ];
}

function appcmd(site: string, fields: readonly W3cCustomField[]): string[] {
  const add = ({ logFieldName, sourceName, sourceType }: W3cCustomField): string[] => [
    `"%APPCMD%" list site /name:"${site}" /config:* | findstr /I /C:"logFieldName=\\"${logFieldName}\\"" >nul`,
    'if errorlevel 1 (',
    `  "%APPCMD%" set config -section:system.applicationHost/sites /+"[name='${site}'].logFile.customFields.[logFieldName='${logFieldName}',sourceName='${sourceName}',sourceType='${sourceType}']" /commit:apphost || exit /b 1`,
    `) else echo present  ${logFieldName}`,
  ];
  return [
    '@echo off',
    `rem Adds custom fields to the log of the IIS site "${site}". Run as an administrator, on IIS 8.5 or later. What is`,
    'rem there already is left as it is: running it again changes nothing.',
    'setlocal',
    // cmd.exe reads the lines below in the code page of that moment.
    ...(/^[\x20-\x7e]*$/.test(site) ? [] : ['chcp 65001 >nul']),
    'set "APPCMD=%windir%\\system32\\inetsrv\\appcmd.exe"',
    `"%APPCMD%" list site /name:"${site}" >nul || (echo There is no site named "${site}". & exit /b 1)`,
    '',
    ...fields.flatMap(add),
    '',
    'rem To check: the columns of the site, then the file that IIS starts for them (its name ends in _x.log), after a request.',
    `"%APPCMD%" list site /name:"${site}" /config:* | findstr /I "logFieldName"`,
    'rem netsh http flush logbuffer',
    'rem findstr /B /C:"#Fields:" "%SystemDrive%\\inetpub\\logs\\LogFiles\\W3SVC1\\*_x.log"',
  ];
}

/**
 * A script that adds the custom fields to the log of an IIS site. They are kept in applicationHost.config, which no
 * web.config can reach, so an administrator has to run it, once per site.
 *
 * @returns the script's text; CR LF between lines of a batch file, which cmd.exe wants
 * @throws BatonError `option_invalid` for what cannot be the name of a site
 * @see https://learn.microsoft.com/iis/configuration/system.applicationhost/sites/site/logfile/customfields/
 */
export function fieldScript({ site, format, userField = false }: FieldScriptOptions): string {
  checkSiteName(site);
  const fields = userField ? [...CORRELATION_LOG_FIELDS, USER_LOG_FIELD] : CORRELATION_LOG_FIELDS;
  return format === 'powershell'
    ? `${powershell(site, fields).join('\n')}\n`
    : `${appcmd(site, fields).join('\r\n')}\r\n`;
}
