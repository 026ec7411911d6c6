import { IISNODE_ATTRIBUTES } from '../../iis/iisnode-attributes';
import type { Rule } from '../rule';

export const iisnodeYmlInvalid: Rule = {
  code: 'iisnode-yml-invalid',
  severity: 'error',
  title: 'iisnode cannot read its override file',
  check({ site }) {
    if (site?.iisnodeYml === undefined) return [];
    const { file, yml } = site.iisnodeYml;
    const lines = yml.badLines.map((line) => ({
      place: { file, line },
      message: 'iisnode answers every request with an error (1032): each line must be "name: value".',
      fix: 'Write "name: value", or put a # in front of the line.',
    }));
    const values = yml.settings
      .filter(({ value }) => value === undefined)
      .map(({ name, text, line }) => ({
        place: { file, line },
        message: `iisnode answers every request with an error (1033): ${name} must be of type ${IISNODE_ATTRIBUTES[name].type}, not "${text}".`,
        fix: `${name}: ${IISNODE_ATTRIBUTES[name].default}`,
      }));
    return [...lines, ...values];
  },
};
