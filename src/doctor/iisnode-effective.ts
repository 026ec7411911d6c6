import { IISNODE_ATTRIBUTES, parseIisnodeAttribute, type IisnodeSettings } from '../iis/iisnode-attributes';
import type { ConfigElement } from '../iis/xml-sections';
import type { Place } from './finding';
import type { IisnodeYml } from './iisnode-yml';
import type { XmlFile } from './xml-file';

/** A setting as iisnode will use it, and where it comes from. */
export interface EffectiveSetting<Value> {
  readonly value: Value;
  readonly source: 'iisnode.yml' | 'environment' | 'web.config' | 'default';
  /** Where it is said; for a default, where it would have to be said. */
  readonly place: Place;
  /** The `<iisnode>` element that a fix would change; none where the file has none. */
  readonly element: ConfigElement | undefined;
}

/** All settings of iisnode: override file, environment of the worker process, web.config, default; the first that says it. */
export type EffectiveSettings = { readonly [Name in keyof IisnodeSettings]: EffectiveSetting<IisnodeSettings[Name]> };

/**
 * What iisnode will use. A value of the wrong type counts as not said: another rule reports it.
 *
 * @param sections every `<iisnode>` of the site, in order
 * @param elsewhere where to point when there is none
 * @param environment of the worker process: `IISNODE_<attribute>` sets an attribute
 */
export function effectiveSettings(
  xml: XmlFile,
  sections: readonly ConfigElement[],
  elsewhere: ConfigElement,
  override: { readonly file: string; readonly yml: IisnodeYml } | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): EffectiveSettings {
  const settings: Record<string, EffectiveSetting<string | number | boolean>> = {};
  for (const name of Object.keys(IISNODE_ATTRIBUTES) as (keyof IisnodeSettings)[]) {
    const attribute = IISNODE_ATTRIBUTES[name];
    const element = sections.findLast(({ attributes }) => attributes.has(name)) ?? sections.at(-1);
    const read = (text: string | undefined): string | number | boolean | undefined =>
      text === undefined ? undefined : parseIisnodeAttribute(attribute, text);
    const overriding = override?.yml.settings.findLast((one) => one.name === name && one.value !== undefined);
    const variable = environment[`IISNODE_${name}`];
    // web.config knows true and false only.
    const asBoolean = attribute.type === 'bool' ? { 1: 'true', 0: 'false' }[variable ?? ''] : undefined;
    const inherited = read(asBoolean ?? variable);
    const said = read(element?.attributes.get(name));
    const inFile = { place: xml.place(element ?? elsewhere, name), element };
    if (overriding?.value !== undefined && override !== undefined) {
      const place = { file: override.file, line: overriding.line };
      settings[name] = { value: overriding.value, source: 'iisnode.yml', place, element };
    } else if (inherited !== undefined) settings[name] = { value: inherited, source: 'environment', ...inFile };
    else if (said !== undefined) settings[name] = { value: said, source: 'web.config', ...inFile };
    else settings[name] = { value: attribute.default, source: 'default', ...inFile };
  }
  return settings as unknown as EffectiveSettings;
}
