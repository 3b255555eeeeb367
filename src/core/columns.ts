/** A column of numbers with other room: what there was, as far as it fits, and zeros. */
export function resized<Column extends Uint8Array | Uint32Array | Float64Array>(
  column: Column,
  length: number,
): Column {
  const other = new (column.constructor as new (length: number) => Column)(length)
  other.set(column.subarray(0, length))
  return other
}

/** The same for a column of anything, with just that room: an array that is pushed to takes half as much again. */
export function resizedList<T>(list: readonly T[], length: number): T[] {
  const other = new Array<T>(length)
  for (let index = 0; index < Math.min(length, list.length); index++) other[index] = list[index] as T
  return other
}
