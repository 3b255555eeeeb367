/** A `Vary` header that names one more request header, in lower case; `*` names all there are. */
export function withVary(vary: string | string[] | number | null | undefined, name: string): string {
  const named = String(vary ?? '')
  const names = named.split(',').map((other) => other.trim().toLowerCase())
  if (names.includes('*') || names.includes(name)) return named
  return named === '' ? name : `${named}, ${name}`
}
