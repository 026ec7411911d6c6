import { derivedTables } from '../../src/trace/analysis/derived';
import { PRELUDE } from '../../src/trace/analysis/prelude';
import { openEngine, type Engine } from '../../src/trace/engine/engine';
import { createTables } from '../../src/trace/engine/tables';
import type { Cell } from '../../src/trace/report-model';
import { TABLES, type TableName } from '../../src/trace/schema';

/** Rows by table; columns that are left out are null. */
export type Tables = Partial<Record<TableName, readonly Readonly<Record<string, Cell>>[]>>;

const NAMES = Object.keys(TABLES) as TableName[];

/** The beginning of the made logs: 2026-03-02 12:00 UTC. */
export const NOON = Date.UTC(2026, 2, 2, 12);

export const MARGIN_MS = 1000;

/** All rows of several worlds. */
export function together(...worlds: readonly Tables[]): Tables {
  return Object.fromEntries(NAMES.map((name) => [name, worlds.flatMap((world) => world[name] ?? [])]));
}

/** Some rows of one table. */
export const rows = (table: TableName, ...list: readonly Readonly<Record<string, Cell>>[]): Tables => ({
  [table]: list,
});

/** As many worlds, together. */
export const times = (count: number, world: (n: number) => Tables): Tables =>
  together(...Array.from({ length: count }, (_, n) => world(n)));

/** An engine for the tests of a file, its tables made; handed over before the first of them. */
export function useEngine(take: (engine: Engine) => void): void {
  let engine: Engine | undefined;
  beforeAll(async () => {
    engine = await openEngine({ threads: 1 });
    take(engine);
    await createTables(engine);
  });
  afterAll(() => engine?.close());
}

const FILES: readonly Readonly<Record<string, Cell>>[] = [
  ...[{ file_id: 1, path: 'gateway.jsonl', kind: 'gateway' }],
  ...[{ file_id: 2, path: 'WEB1/u_ex260302_x.log', kind: 'iis', server: 'WEB1' }],
  ...[{ file_id: 3, path: 'WEB1/app.jsonl', kind: 'app', server: 'WEB1' }],
  ...[{ file_id: 4, path: 'WEB1/audit.jsonl', kind: 'audit', server: 'WEB1' }],
  ...[{ file_id: 5, path: 'render.log', kind: 'function' }],
];

interface Changes {
  readonly gateway?: Readonly<Record<string, Cell>> | null;
  readonly iis?: Readonly<Record<string, Cell>> | null;
  readonly app?: Readonly<Record<string, Cell>> | null;
}

/** A request as gateway, IIS and app log it where nothing is odd; `null` leaves a log out. */
export function request(id: string, atMs: number, { gateway = {}, iis = {}, app = {} }: Changes = {}): Tables {
  const about = { method: 'GET', path: '/invoices/7', status: 200 };
  return {
    gateway:
      gateway === null
        ? []
        : [
            {
              ...{
                file_id: 1,
                correlation_id: id,
                request_id: `g-${id}`,
                t_ms: atMs,
                api: 'rest',
                stage: 'prod',
                ...about,
              },
              ...{ route: 'GET /invoices/{id}', latency_ms: 100, integration_status: 200, integration_ms: 90 },
              ...{ principal: 'entra:ann', source_ip: '203.0.113.7', format: 'path,requestId,status', ...gateway },
            },
          ],
    iis:
      iis === null
        ? []
        : [
            {
              ...{
                file_id: 2,
                server: 'WEB1',
                t_ms: atMs + 95 - ((atMs + 95) % 1000),
                ...about,
                substatus: 0,
                win32_status: 0,
              },
              ...{ time_taken_ms: 80, client_ip: '10.0.0.1', server_ip: '10.0.1.1', server_port: 443 },
              ...{ user_agent: 'AmazonAPIGateway_abc123', sent_id: id, answered_id: id, correlation_id: id },
              ...{ sent_logged: true, answered_logged: true, ...iis },
            },
          ],
    app:
      app === null
        ? []
        : [
            {
              ...{
                file_id: 3,
                server: 'WEB1',
                t_ms: atMs + 90,
                correlation_id: id,
                ...about,
                duration_ms: 70,
                aborted: false,
              },
              ...{ subject: 'entra:ann', transaction_id: `txn-${id}`, policy: 'digest-1', ...app },
            },
          ],
  };
}

/** Ten requests, ten seconds apart, with nothing odd about them; and the files that rows are from. */
export function healthy(): Tables {
  const requests = Array.from({ length: 10 }, (_, n) => request(`r${n}`, NOON + n * 10_000));
  const fields = 'date time cs-method cs-uri-stem sc-status time-taken cs-correlation-id sc-correlation-id';
  const software = 'Microsoft Internet Information Services 10.0';
  return together(...requests, {
    files: FILES.map((file) => ({
      ...file,
      bytes: 1000,
      lines: 1000,
      rows_read: 1000,
      rows_rejected: 0,
      rows_skipped: 0,
    })),
    iis_fields: [{ file_id: 2, server: 'WEB1', from_ms: NOON, fields, software, rows_read: 10 }],
  });
}

/** Empties all tables and puts these rows in. */
export async function fillTables(engine: Engine, tables: Tables): Promise<void> {
  const text = (value: Cell): string =>
    typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
  const statements = NAMES.flatMap((name) => {
    const columns = Object.keys(TABLES[name].columns);
    const rows = (tables[name] ?? []).map((row) => {
      const unknown = Object.keys(row).filter((column) => !columns.includes(column));
      if (unknown.length > 0) throw new Error(`${name} has no column ${unknown.join(', ')}`);
      return `(${columns.map((column) => text(row[column] ?? null)).join(', ')})`;
    });
    return [`DELETE FROM ${name}`, ...(rows.length === 0 ? [] : [`INSERT INTO ${name} VALUES ${rows.join(', ')}`])];
  });
  await engine.run(statements.join(';\n'));
}

/** Makes the tables that questions read. */
export async function deriveTables(engine: Engine, marginMs = MARGIN_MS): Promise<void> {
  const tables = derivedTables({ marginMs }).map(({ name, sql }) => `CREATE OR REPLACE TEMP TABLE ${name} AS ${sql}`);
  await engine.run([...PRELUDE, ...tables].join(';\n'));
}
