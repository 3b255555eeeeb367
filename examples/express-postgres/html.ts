/** Text that is HTML already. */
class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

export type { Html }

type Part = string | number | Html | readonly Part[]

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A template whose parts are escaped, unless they are HTML from such a template themselves. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(String.raw({ raw: strings }, ...parts.map(escapePart)))
}

function escapePart(part: Part): string {
  if (part instanceof Html) return part.text
  if (typeof part === 'string') return part.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
  return typeof part === 'number' ? String(part) : part.map(escapePart).join('')
}

const GROUPED = new Intl.NumberFormat('en-GB')

/** 200000 as `200,000`, -15 with a true minus sign. */
export function number(value: number): string {
  return GROUPED.format(value).replace('-', '−')
}

/** Milliseconds as people read them: `0.42 ms`, `331 ms`. */
export function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(2) : number(Math.round(value))} ms`
}

const TIME = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' })

/** `3 May 2026, 14:03:22 UTC` */
export function time(at: Date): Html {
  return html`<time datetime="${at.toISOString()}">${TIME.format(at)} UTC</time>`
}
