import { type Html, html, milliseconds } from './html.ts'
import { STYLE } from './style.ts'

/** `inset` is for what is shown inside of another page. */
export function renderDocument(title: string, body: Html, layout: 'page' | 'inset' = 'page'): string {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <link rel="icon" href="data:,">
    <style>${STYLE}</style>
  </head>
  <body class="${layout}"><main>${body}</main></body>
</html>
`.text
}

/** A page with nothing but a sentence: what went wrong. */
export function renderMessage(text: string): string {
  return renderDocument('Flight delays', html`<h1>Flight delays</h1><p>${text}</p><p><a href="/">To the report</a></p>`)
}

/** A number with its name, and the time that it took. */
export function figure(name: string, value: string, time = 0): Html {
  const spent = time === 0 ? '' : html` <small>${milliseconds(time)}</small>`
  return html`<div><dt>${name}</dt><dd>${value}${spent}</dd></div>`
}
