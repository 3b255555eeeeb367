import fc from 'fast-check'

/** For mutants it is enough that a property fails: the smallest example takes up to 20 s, and nobody looks at it. */
if (process.env['NO_SHRINKING'] !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), endOnFailure: true })
