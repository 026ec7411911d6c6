import { BatonError } from '../core/errors';
import { detectHostMode } from '../iis/host-mode';

/** Where the process runs, if that is no place for tests. `NODE_ENV` alone would not do: on IIS few people set it. */
function placeOfWork(env: NodeJS.ProcessEnv): string | undefined {
  // Whoever writes "Production", as .NET's own variable is written, or "prod" means the same.
  if (/^\s*prod(?:uction)?\s*$/i.test(env.NODE_ENV ?? '')) return 'where NODE_ENV is "production"';
  if (detectHostMode(env) !== 'standalone') return 'under IIS';
  return env.LAMBDA_TASK_ROOT ? 'on AWS Lambda' : undefined;
}

/**
 * Refuses to go on where real callers may come: what stands in for an identity there would let everybody in.
 * @throws BatonError `option_invalid`
 */
export function requireTestRun(owner: string, env: NodeJS.ProcessEnv = process.env): void {
  const place = placeOfWork(env);
  if (place !== undefined) {
    throw new BatonError('option_invalid', `${owner} makes up identities and does not work ${place}.`);
  }
}
