import { basename } from 'node:path';
import { BatonError } from '../../core/errors';
import { parseDefinition } from '../../workflows/definition/parse';
import { allStates, machineGraph, type MachineGraph } from '../../workflows/picture/graph';
import { layOut } from '../../workflows/picture/layout';
import { lookAtMachine, lookAtRun, type RunAtAws } from '../../workflows/picture/look';
import { drawPage, type Fact } from '../../workflows/picture/page';
import { durationText, type Annotations, type Standing } from '../../workflows/picture/rows';
import { wayOfKey } from '../../workflows/picture/run-path';
import { drawInTerminal, terminalLegend } from '../../workflows/picture/terminal';
import { sfnAccess, type SfnAccess } from '../../workflows/sfn-client';
import { readArguments, usageErrorOf } from '../arguments';
import { readText } from '../policy/files';
import { printable } from '../../core/printable';
import { writeTextFile } from '../write-file';
import { needsOf, subjectOf, type Subject } from './subject';
import { terminalOf } from './terminal';

const USAGE = `Usage: baton workflows show <what> [options]

Draws a state machine, and in it the path of a run: times, attempts, failures. <what> is

  a workflow of the policy         approve-invoice: its definition's file, else as AWS has it
  a run's ID                       approve-invoice~…, as workflows.start() gave it; with the policy
  the ARN of an execution          no policy needed
  the ARN of a state machine       no policy needed
  a definition                     approve-invoice.asl.json or .yaml, in Amazon States Language

AWS is asked with your credentials, as the AWS SDK finds them, not with those of a caller of the app: states:DescribeExecution,
states:DescribeStateMachineForExecution, states:GetExecutionHistory; for a state machine states:DescribeStateMachine.

  --policy FILE    instead of the one that BATON_POLICY names; then the picture says what each state needs
  --env-file FILE  what the policy's \${NAME}s stand for (NAME=value lines), instead of this environment
  --html FILE      writes a page: one file that stands alone, with a table of all that it shows
  --causes         with the texts of errors, which may quote anything
  --width N        columns, instead of the terminal's
  --ascii          no line characters, for consoles that have none
  --json           data for machines`;

const OPTIONS = {
  policy: { type: 'string' },
  'env-file': { type: 'string' },
  html: { type: 'string' },
  causes: { type: 'boolean', default: false },
  width: { type: 'string' },
  ascii: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** All that there is to draw. */
interface Drawing {
  readonly title: string;
  readonly facts: readonly Fact[];
  readonly machine: MachineGraph;
  readonly notes: Annotations;
  readonly at: Date;
  readonly run?: RunAtAws;
}

const usage = usageErrorOf(USAGE);

function widthOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const width = /^\d{2,4}$/.test(text) ? Number(text) : 0;
  if (width < 40 || width > 1000) throw usage(`--width must be a number from 40 to 1000, not "${text}".`);
  return width;
}

const STANDINGS: Readonly<Record<string, Standing>> = {
  RUNNING: 'running',
  SUCCEEDED: 'passed',
  FAILED: 'failed',
  TIMED_OUT: 'failed',
  ABORTED: 'stopped',
  PENDING_REDRIVE: 'running',
};

const at = (date: Date | undefined): string => (date === undefined ? '' : date.toISOString().replace('T', ' '));

function factsOf(run: RunAtAws, now: Date): Fact[] {
  const { status, startedAt, endedAt, error, redrives, path } = run;
  const tookMs = (endedAt ?? now).getTime() - (startedAt ?? now).getTime();
  return [
    ['Status', status, STANDINGS[status] ?? 'running'],
    ['Started', at(startedAt)],
    ...(endedAt === undefined ? [] : [['Ended', at(endedAt)] as const]),
    [endedAt === undefined ? 'Running for' : 'Took', durationText(tookMs)],
    ...(error === undefined ? [] : [['Error', error, 'failed'] as const]),
    ...(redrives === 0 ? [] : [['Redriven', `${redrives}×`] as const]),
    ['Events', String(path.events)],
    ['Execution', run.arn],
  ];
}

function parsed(definition: string, arn: string): unknown {
  try {
    return JSON.parse(definition) as unknown;
  } catch (cause) {
    throw new BatonError('run_not_found', `AWS gives no definition of ${arn} that could be read.`, { cause });
  }
}

async function drawingOf(subject: Subject, accessFor: (arn: string) => SfnAccess): Promise<Drawing> {
  const now = new Date();
  const { workflow } = subject;
  const notes: Annotations = { at: now, ...(workflow && { needs: needsOf(workflow.document) }) };
  if (subject.kind === 'file') {
    const title = workflow?.name ?? basename(subject.file).replace(/(\.asl)?\.(json|ya?ml)$/i, '');
    return {
      title,
      facts: [['Definition', basename(subject.file)]],
      machine: graphOf(parseDefinition(subject.file, readText(subject.file)), subject.file),
      notes,
      at: now,
    };
  }
  const { arn } = subject;
  if (subject.kind === 'machine') {
    const { type, definition } = await lookAtMachine(accessFor(arn), arn);
    const facts: Fact[] = [...(type === undefined ? [] : [['Type', type] as const]), ['State machine', arn]];
    return {
      title: workflow?.name ?? arn.split(':')[6] ?? arn,
      facts,
      machine: graphOf(parsed(definition, arn), arn),
      notes,
      at: now,
    };
  }
  const run = await lookAtRun(accessFor(arn), arn);
  const title = `${workflow?.name ?? arn.split(':')[6] ?? ''}: ${run.status.toLowerCase().replaceAll('_', ' ')}`;
  const machine = graphOf(parsed(run.definition, arn), arn);
  return { title, facts: factsOf(run, now), machine, notes: { ...notes, run: run.path }, at: now, run };
}

function graphOf(definition: unknown, from: string): MachineGraph {
  const machine = machineGraph(definition);
  if (machine.states.length > 0) return machine;
  throw new BatonError('option_invalid', `${from} holds no states: it is no definition in Amazon States Language.`);
}

/** What the picture says, for machines. Texts of errors only where they were asked for. */
function dataOf({ title, machine, notes, run }: Drawing, causes: boolean): object {
  const states = allStates(machine).map((state) => {
    const trace = notes.run?.states.get(state.name);
    const happened =
      trace === undefined
        ? { outcome: 'not reached', visits: 0 }
        : {
            outcome: trace.outcome,
            visits: trace.visits,
            attempts: trace.attempts,
            enteredAt: trace.firstEnteredAt,
            exitedAt: trace.lastExitedAt,
            tookMs: trace.totalMs,
            errors: trace.errors.map(({ name, cause }) => (causes ? { name, cause } : { name })),
          };
    const needs = notes.needs?.[state.name];
    return { ...state, branches: state.branches.length, ...(needs && { needs }), ...(notes.run && { run: happened }) };
  });
  const ways = notes.run && [...notes.run.ways].map(([key, times]) => ({ ...wayOfKey(key), times }));
  const about = run && {
    executionArn: run.arn,
    status: run.status,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    error: run.error,
    ...(causes && { cause: run.cause }),
    redrives: run.redrives,
    events: run.path.events,
    ways,
  };
  return { title, startAt: machine.startAt, states, ...(about && { run: about }) };
}

/** The texts of errors, a line each: there is no room for them in boxes. */
function causesOf({ machine, notes, run }: Drawing): string[] {
  const errors = allStates(machine).flatMap(({ name }) =>
    (notes.run?.states.get(name)?.errors ?? []).map((error) => `${name}: ${error.name}: ${error.cause ?? 'no text'}`),
  );
  const whole = run?.error === undefined ? [] : [`The run: ${run.error}: ${run.cause ?? 'no text'}`];
  return [...errors, ...whole];
}

function printDrawing(
  drawing: Drawing,
  { width, ascii, causes }: { width: number | undefined; ascii: boolean; causes: boolean },
): void {
  const terminal = terminalOf({ ascii, width });
  const { title, facts, machine, notes } = drawing;
  const picture = layOut(machine, terminal.width, notes);
  const column = Math.max(...facts.map(([name]) => name.length));
  console.log(
    [printable(title), ...facts.map(([name, value]) => `  ${name.padEnd(column)}  ${printable(value)}`), ''].join('\n'),
  );
  console.log(drawInTerminal(picture, terminal).join('\n'));
  if (notes.run !== undefined) console.log(`\n${terminalLegend(terminal)}`);
  if (causes) console.log(['', ...causesOf(drawing).map(printable)].join('\n'));
  if (picture.width <= terminal.width) return;
  console.error(
    `\nThe picture is ${picture.width} columns wide, wider than the ${terminal.width} here: --html has room for it.`,
  );
}

/** `baton workflows show`: draws a state machine, and the path of a run in it. */
export async function show(args: readonly string[]): Promise<void> {
  const parsedArguments = readArguments(args, { usage: USAGE, options: OPTIONS, positionals: ['what'] });
  if (parsedArguments === undefined) return;
  const { values, positionals } = parsedArguments;
  const { html, json, causes, ascii } = values;
  if (json && html !== undefined) throw usage('--json and --html go each alone.');
  const width = widthOf(values.width);
  const subject = subjectOf(positionals.what, { policy: values.policy, envFile: values['env-file'] });
  const drawing = await drawingOf(subject, (arn) => sfnAccess({ region: arn.split(':')[3] })());
  if (json) console.log(JSON.stringify(dataOf(drawing, causes), undefined, 2));
  else if (html === undefined) printDrawing(drawing, { width, ascii, causes });
  else {
    writeTextFile(html, drawPage({ ...drawing, notes: { ...drawing.notes, causes } }));
    console.log(`${printable(html)}: written.`);
  }
}
