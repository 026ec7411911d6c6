import { IISNODE_ATTRIBUTES, parseUint, type IisnodeAttribute, type IisnodeSettings } from '../iis/iisnode-attributes';

/** A line of iisnode.yml that sets something. */
export interface YmlSetting {
  readonly name: keyof IisnodeSettings;
  readonly text: string;
  /** undefined where the text is not of the setting's type: iisnode then answers every request with an error. */
  readonly value: string | number | boolean | undefined;
  /** 1-based. */
  readonly line: number;
}

/** What iisnode reads from its override file. */
export interface IisnodeYml {
  readonly settings: readonly YmlSetting[];
  /** Lines that iisnode cannot read, 1-based: one is enough to stop the app. */
  readonly badLines: readonly number[];
}

/** The only key that the file spells differently. */
const SPELLINGS: Readonly<Record<string, keyof IisnodeSettings>> = { debugportrange: 'debuggerPortRange' };

function nameOf(key: string): keyof IisnodeSettings | undefined {
  const folded = key.toLowerCase();
  // It names the file itself, and cannot be said in it.
  if (folded === 'configoverrides') return undefined;
  const names = Object.keys(IISNODE_ATTRIBUTES) as (keyof IisnodeSettings)[];
  return SPELLINGS[folded] ?? names.find((name) => name.toLowerCase() === folded && name !== 'debuggerPortRange');
}

function valueOf(attribute: IisnodeAttribute, text: string): string | number | boolean | undefined {
  switch (attribute.type) {
    case 'string':
      return text;
    case 'bool':
      if (/^(?:true|1|yes)$/i.test(text)) return true;
      return /^(?:false|0|no)$/i.test(text) ? false : undefined;
    case 'uint':
      return parseUint(text);
    case 'uint or infinite':
      return text.toLowerCase() === 'infinite' ? Infinity : parseUint(text);
  }
}

/**
 * Reads `iisnode.yml` the way iisnode does: `key: value # comment` lines and nothing else of YAML; keys that it does not
 * know, and keys without a value, are passed over.
 *
 * @see https://github.com/Azure/iisnode/blob/master/src/iisnode/cmoduleconfiguration.cpp
 */
export function parseIisnodeYml(text: string): IisnodeYml {
  const settings: YmlSetting[] = [];
  const badLines: number[] = [];
  for (const [index, whole] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = whole.replace(/#.*$/, '').trim();
    if (line === '' || line === '---') continue;
    const colon = line.indexOf(':');
    if (colon === -1) {
      badLines.push(index + 1);
      continue;
    }
    const name = nameOf(line.slice(0, colon).trim());
    const value = line.slice(colon + 1).trim();
    if (name === undefined || value === '') continue;
    settings.push({ name, text: value, value: valueOf(IISNODE_ATTRIBUTES[name], value), line: index + 1 });
  }
  return { settings, badLines };
}
