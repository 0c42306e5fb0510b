/** The drivers of SQLite that work here, and tests that run on each of them. */
import { type Test, test } from 'tap';
import { type DriverName, openSqlite } from '../../src/store/sqlite.js';

export const drivers = (['better-sqlite3', 'node:sqlite'] as const).filter((driver) => {
  try {
    openSqlite(':memory:', { driver }).close();
    return true;
  } catch {
    return false;
  }
});

/** A test that runs on every driver of SQLite that works here. */
export function testOnEachDriver(title: string, run: (t: Test, driver: DriverName) => Promise<void>): void {
  for (const driver of drivers) test(`${title} (${driver})`, (t) => run(t, driver));
}
