import { unknownName } from '../../core/options';
import { IISNODE_ATTRIBUTES, parseIisnodeAttribute, type IisnodeSettings } from '../../iis/iisnode-attributes';
import type { Report } from '../finding';
import type { Rule } from '../rule';

const NAMES = Object.keys(IISNODE_ATTRIBUTES);

/** The problem with an attribute, if it has one. */
function problemOf(name: string, text: string): { readonly message: string; readonly fix: string } | undefined {
  if (!NAMES.includes(name)) {
    return {
      message: `IIS answers every request with 500.19: <iisnode> has no such attribute; ${unknownName(name, NAMES)}`,
      fix: `Take out ${name}="${text}", or write the attribute that was meant.`,
    };
  }
  const attribute = IISNODE_ATTRIBUTES[name as keyof IisnodeSettings];
  if (parseIisnodeAttribute(attribute, text) !== undefined) return undefined;
  return {
    message: `IIS answers every request with 500.19: ${name}="${text}" must be of type ${attribute.type}.`,
    fix: `${name}="${attribute.default}"`,
  };
}

export const iisnodeAttributeInvalid: Rule = {
  code: 'iisnode-attribute-invalid',
  severity: 'error',
  title: '<iisnode> has an attribute, or a value, that its schema does not know',
  check({ site }) {
    if (site === undefined) return [];
    return site.section('iisnode').flatMap((element) =>
      [...element.attributes].flatMap(([name, text]): Report[] => {
        const problem = problemOf(name, text);
        return problem === undefined ? [] : [{ place: site.xml.place(element, name), ...problem }];
      }),
    );
  },
};
