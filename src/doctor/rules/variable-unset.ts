import type { Rule } from '../rule';

export const variableUnset: Rule = {
  code: 'variable-unset',
  severity: 'error',
  title: 'The policy asks for a variable that nothing sets',
  check({ policy, site }) {
    // Without web.config, what the app's process will have is anybody's guess.
    if (policy === undefined || site === undefined) return [];
    const first = new Map(policy.unset.map((one) => [one.name, one] as const).reverse());
    return [...first.values()].map(({ name, at }) => ({
      place: at.place,
      message: `The policy asks for \${${name}}, and neither web.config nor the environment that was examined sets it: the app stops at its start (policy_invalid). A value that is set on the server itself can be shown to doctor with --env-file.`,
      fix: `Inside <appSettings> of web.config:\n<add key="${name}" value="…" />`,
    }));
  },
};
