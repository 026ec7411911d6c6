import type { Rule } from '../rule';
import { setIisnode } from '../iisnode-fix';
import { placeIn } from '../scripts';

const TRUSTS = /(["'])trust proxy\1\s*(?:,\s*([^)\n]+))?/;

export const clientAddressChosen: Rule = {
  code: 'client-address-chosen',
  severity: 'error',
  title: 'The app believes X-Forwarded-For, and IIS does not write it',
  check({ site }) {
    if (!site?.usesIisnode || site.iisnode.enableXFF.value) return [];
    const [script] = site.scripts.filter(({ code }) => TRUSTS.test(code));
    const found = script && TRUSTS.exec(script.code);
    if (!script || !found || /^(?:false|0)\b/.test(found[2]?.trim() ?? '')) return [];
    const { place, fix } = setIisnode(site, 'enableXFF', 'true');
    const where = `${script.file}:${placeIn(script, found.index).line}`;
    return [
      {
        place,
        message: `The app sets "trust proxy" (${where}), but iisnode adds nothing to X-Forwarded-For: every caller chooses req.ip, and with it what rate limits, logs and address checks see.`,
        // Not done by --fix: with a proxy in front, the number of hops that the app trusts changes with it.
        fix,
      },
    ];
  },
};
