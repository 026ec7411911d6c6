import { BatonError } from '../../core/errors';
import type { Logger } from '../../core/logger';
import type { RewriteRule } from '../../iis/web-config';
import type { ReceivedRequest } from './received-request';

/** Where a request goes after URL Rewrite. */
export interface RoutedUrl {
  /** The path that IIS picks the handler by. */
  readonly path: string;
  /** The URL before the rewrite, decoded; undefined where no rule matched. Becomes `X-Original-URL`. */
  readonly originalUrl: string | undefined;
}

/**
 * Takes out the rules that this server applies, and says which it does not.
 *
 * @throws BatonError `relay_failed` for a rewrite that it cannot do right: conditions, or variables in the new URL
 */
export function usableRules(rules: readonly RewriteRule[], logger: Logger | undefined): readonly RewriteRule[] {
  return rules.filter((rule) => {
    if (rule.action !== 'Rewrite') {
      logger?.warn('This URL Rewrite rule is left out: only rewrites are applied here.', {
        rule: rule.name,
        action: rule.action,
        line: rule.line,
      });
      return false;
    }
    if (rule.conditionCount > 0 || rule.url.includes('{')) {
      throw new BatonError(
        'relay_failed',
        `web.config, line ${rule.line}: the rewrite rule "${rule.name}" uses conditions or variables, which the local ` +
          'IIS does not apply. Use a web.config with a plain catch-all rule for local runs.',
      );
    }
    return true;
  });
}

/** Applies the rules in order. The query stays: `appendQueryString` is true by default. */
export function rewriteUrl(request: ReceivedRequest, rules: readonly RewriteRule[]): RoutedUrl {
  let { path } = request;
  let rewritten = false;
  for (const rule of rules) {
    if (rule.pattern.test(path.slice(1)) === rule.negate) continue;
    path = rule.url.startsWith('/') ? rule.url : `/${rule.url}`;
    rewritten = true;
    if (rule.stopProcessing) break;
  }
  return { path, originalUrl: rewritten ? withQuery(request.path, request.query) : undefined };
}

/** Path and query as one URL. */
export function withQuery(path: string, query: string): string {
  return query === '' ? path : `${path}?${query}`;
}
