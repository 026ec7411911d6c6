import { BYPASS_RULES } from './bypass';
import { DRIFT_RULES } from './drift';
import { IDENTITY_RULES } from './identity';
import { LATENCY_RULES } from './latency';
import { LOG_RULES } from './logs';
import { LOST_RULES } from './lost';
import { OFFLOAD_RULES } from './offload';
import type { Rule } from './rule';
import { SERVER_RULES } from './server';
import { TOKEN_RULES } from './tokens';

/** All that SQL looks for in the logs; that a route became slower is read off its time series (latency-change.ts). */
export const RULES: readonly Rule[] = [
  ...BYPASS_RULES,
  ...LOST_RULES,
  ...IDENTITY_RULES,
  ...DRIFT_RULES,
  ...TOKEN_RULES,
  ...OFFLOAD_RULES,
  ...LATENCY_RULES,
  ...SERVER_RULES,
  ...LOG_RULES,
];
