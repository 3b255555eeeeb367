import { describe, InvalidOptionError, refuseOthers } from '../core/errors.ts'

/** A column by whose values the rows of a table are told apart: a tenant, an id. */
export interface KeyColumn {
  readonly table: string
  readonly column: string
}

const NAME = /^([^".\0]+|"(?:[^"\0]|"")+")(?:\.([^".\0]+|"(?:[^"\0]|"")+"))?$/

/** `flights`, `sales.flights`, and what has dots in it as in SQL: `sales."flights.old"`. Case counts. */
function quote(table: unknown): string {
  const parts = typeof table === 'string' ? NAME.exec(table)?.slice(1) : undefined
  if (parts === undefined) {
    throw new InvalidOptionError(`A table is ${describe(table)}: give a name such as "flights" or "sales.flights".`)
  }
  const quoted = parts.filter((part) => part !== undefined)
  return quoted.map((part) => (part.startsWith('"') ? part : `"${part}"`)).join('.')
}

export function quoteAll(tables: unknown): string[] {
  if (Array.isArray(tables) && tables.length > 0) return tables.map(quote)
  throw new InvalidOptionError(`The tables are ${describe(tables)}: give a list of names, at least one.`)
}

/** The table as in SQL; the column as it is. */
export function quoteKeyColumn(keys: unknown): KeyColumn {
  if (typeof keys !== 'object' || keys === null) {
    throw new InvalidOptionError(`The keys are ${describe(keys)}: give { table, column }.`)
  }
  const { table, column, ...others } = keys as Record<string, unknown>
  refuseOthers(others, '"table", "column"')
  if (typeof column !== 'string' || column === '' || column.includes('\0')) {
    throw new InvalidOptionError(`The column is ${describe(column)}: give a name such as "tenant".`)
  }
  return { table: quote(table), column }
}

/** Right under both settings of `standard_conforming_strings`. */
export function literal(text: string): string {
  return ` E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}
