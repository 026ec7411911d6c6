/** What the terminal shows. */
export interface Terminal {
  readonly width: number;
  readonly unicode: boolean;
  readonly colours: boolean;
}

/** What is asked about: standard output, and the environment that describes it. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly stdout: { readonly isTTY?: boolean; readonly columns?: number };
}

const PIPED_WIDTH = 100;

/** Whether lines can be drawn with line characters. Windows' old console cannot be asked; its newer hosts say who they are. */
function knowsLines({ env, platform }: Surroundings): boolean {
  if (platform === 'win32') return ['WT_SESSION', 'TERM_PROGRAM', 'ConEmuPID', 'MSYSTEM'].some((name) => env[name]);
  if (env.TERM === 'dumb') return false;
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '');
}

/**
 * What can be drawn where the output goes. Colours only on a terminal, and not where `NO_COLOR` is set.
 * @see https://no-color.org
 */
export function terminalOf(
  asked: { readonly ascii: boolean; readonly width: number | undefined },
  here: Surroundings = process,
): Terminal {
  const { env, stdout } = here;
  const isTerminal = stdout.isTTY === true;
  const given = Number(env.COLUMNS);
  const columns = stdout.columns ?? (Number.isInteger(given) && given > 0 ? given : PIPED_WIDTH);
  return {
    width: Math.max(40, asked.width ?? columns),
    unicode: !asked.ascii && knowsLines(here),
    colours: isTerminal && !env.NO_COLOR && env.TERM !== 'dumb',
  };
}
