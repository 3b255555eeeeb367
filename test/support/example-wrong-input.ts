import { FLIGHT } from './example-client.ts'

const NUMBER = /not a finite number/

/** What is wrong, the body, the reason that is given, and the content type where that is what is wrong. */
export const WRONG_BODIES: [what: string, body: string, reason: RegExp, type?: string][] = [
  ['no delay', '{"distance":800,"time":13.5}', /^"delay" is missing/],
  ['no distance', '{"delay":12,"time":13.5}', /^"distance" is missing/],
  ['no time', '{"delay":12,"distance":800}', /^"time" is missing/],
  ['an empty object', '{}', /is missing/],
  ['a text for a number', '{"delay":"12","distance":800,"time":13.5}', NUMBER],
  ['null', '{"delay":12,"distance":null,"time":13.5}', NUMBER],
  ['a boolean', '{"delay":12,"distance":800,"time":true}', NUMBER],
  ['a list of one', '{"delay":[12],"distance":800,"time":13.5}', NUMBER],
  ['a number that is infinite', '{"delay":1e999,"distance":800,"time":13.5}', NUMBER],
  ['more than two hours early', '{"delay":-121,"distance":800,"time":13.5}', /^"delay" is -121/],
  ['more than fifty hours late', '{"delay":3001,"distance":800,"time":13.5}', /^"delay" is 3001/],
  ['no way to go', '{"delay":12,"distance":0,"time":13.5}', /^"distance" is 0/],
  ['more than half around the earth', '{"delay":12,"distance":12501,"time":13.5}', /^"distance" is 12501/],
  ['a time before midnight', '{"delay":12,"distance":800,"time":-0.1}', /^"time" is -0.1/],
  ['24 hours', '{"delay":12,"distance":800,"time":24}', /^"time" is 24/],
  ['an unknown key', '{"delay":12,"distance":800,"time":13.5,"airline":"XX"}', /^"airline" is unknown/],
  ['__proto__', '{"delay":12,"distance":800,"time":13.5,"__proto__":{}}', /^"__proto__" is unknown/],
  ['a list', '[12,800,13.5]', /^Send an object/],
  ['null alone', 'null', /^Send an object/],
  ['a number alone', '12', /^Send an object/],
  ['broken JSON', '{"delay":12,', /^The body is not valid JSON/],
  ['no body', '', /is missing/],
  ['another content type', JSON.stringify(FLIGHT), /Content-Type: application\/json/, 'text/plain'],
  ['a form', 'delay=12&distance=800&time=13.5', /Content-Type: application\/json/, 'application/x-www-form-urlencoded'],
]

export const WRONG_FORMS: [fields: Record<string, string>, reason: RegExp][] = [
  [{ delay: '', distance: '800', time: '08:30' }, /delay&quot; is missing/],
  [{ delay: '12', distance: 'far', time: '08:30' }, /distance&quot; is not a finite number/],
  [{ delay: '12', distance: '800', time: '24:00' }, /time&quot; is 24/],
  [{ delay: '12', distance: '800', time: '08:30', '<b>': '1' }, /&lt;b&gt;&quot; is unknown/],
]
