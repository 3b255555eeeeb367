/**
 * Small edits of the source, each of which breaks one promise: a test has to notice every one of them. An edit is
 * a pair of texts, of which the first stands exactly once in the file.
 *
 * @type {{ name: string, file: string, edits: [from: string, to: string][] }[]}
 */
export const mutants = [
  {
    name: 'stamp after load: the version is read when the load has begun',
    file: 'src/core/load.ts',
    edits: [
      [
        'const loaded = this.#run(call, flight)',
        `const loaded = this.#run(call, flight)
    const [stamp] = flight.reading.stamps as { version: unknown }[]
    const late = this.#settings.version?.apply(call.self, call.args)
    if (stamp !== undefined && !isThenable(late)) stamp.version = late`,
      ],
    ],
  },
  {
    name: 'join any flight, of whatever version',
    file: 'src/core/flight.ts',
    edits: [['return sameStamps(stamps, reading.stamps) && (', 'return (']],
  },
  {
    name: 'join the running check',
    file: 'src/core/version.ts',
    edits: [
      [
        'this.#follow(key, outcome) //',
        'this.#follow(key, outcome); this.#running.get(key).joined = outcome.then((settled) => this.#stamped(begun, key, settled)) //',
      ],
      [
        'running.next ??= running.ended.then(() => this.#runShared(key, read))\n    return running.next',
        'return running.joined',
      ],
    ],
  },
  {
    name: 'two checks of one key at a time',
    file: 'src/core/version.ts',
    edits: [['if (running === undefined) return', 'return']],
  },
  {
    name: 'no room for the next check when one fails',
    file: 'src/core/version.ts',
    edits: [['outcome.then(end, end)', 'outcome.then(end, () => {})']],
  },
  {
    name: 'no time limit for the version function',
    file: 'src/core/version.ts',
    edits: [['if (this.#timeout === Number.POSITIVE_INFINITY)', 'if (this.#timeout > 0)']],
    tests: ['version'],
  },
  {
    name: 'the time limit keeps the process alive',
    file: 'src/core/version.ts',
    edits: [['timer.unref()', '']],
    tests: ['version'],
  },
  {
    name: 'versions compared loosely',
    file: 'src/core/version.ts',
    edits: [['if (Object.is(a, b)) return true', 'if (a == b) return true']],
  },
  {
    name: 'a list of versions is not copied',
    file: 'src/core/version.ts',
    edits: [['return Object.freeze([...version])', 'return version']],
    tests: ['version'],
  },
  {
    name: 'one version for all arguments, as in Python',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [
      ['const pinned = pins.readings.get(this.#source, key)', "const pinned = pins.readings.get(this.#source, '')"],
      ['return pins.readings.hold(this.#source, key,', "return pins.readings.hold(this.#source, '',"],
    ],
  },
  {
    name: 'no ownership on cleanup: a flight that ends takes another one out',
    file: 'src/core/flight.ts',
    edits: [
      ['if (flights === undefined || !flights.includes(flight)) return', ''],
      ['if (others.length === 0) this', 'this'],
      ['    else this.#byKey.set(flight.key, others)\n', ''],
    ],
  },
  {
    name: 'output not pinned',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [
      [
        'return request.pins.outputs.hold(this,',
        'return new (request.pins.constructor as typeof Pins)().outputs.hold(this,',
      ],
    ],
  },
  {
    name: 'version not pinned',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['if (pinned?.outcome !== undefined) return pinned.outcome\n', '']],
  },
  {
    name: 'pin set after the first await',
    file: 'src/core/pins.ts',
    edits: [['    this.#set(pin)\n    try', '    setImmediate(() => this.#set(pin))\n    try']],
  },
  {
    name: 'failed pin kept',
    file: 'src/core/pins.ts',
    edits: [['    if (this.get(pin.owner, pin.key) === pin) this.drop(pin.owner, pin.key)\n', '']],
  },
  {
    name: 'a failure unpins what came after it',
    file: 'src/core/pins.ts',
    edits: [['if (this.get(pin.owner, pin.key) === pin) this', 'this']],
  },
  {
    name: 'TTL from the end of the load',
    file: 'src/core/store.ts',
    edits: [
      [
        'new Entry(key, output, async, size, reading,',
        'new Entry(key, output, async, size, { ...reading, readAt: this.#settings.clock() },',
      ],
    ],
  },
  {
    name: 'TTL on the wall clock',
    file: 'src/core/clock.ts',
    edits: [['() => performance.now()', '() => Date.now()']],
    tests: ['entry'],
  },
  {
    name: 'served at the very end of the TTL',
    file: 'src/core/entry.ts',
    edits: [['now < entry.expiresAt', 'now <= entry.expiresAt']],
    tests: ['entry'],
  },
  {
    name: 'kept for longer by a clock that goes back',
    file: 'src/core/entry.ts',
    edits: [['!(now >= entry.readAt && now < entry.expiresAt)', '!(now < entry.expiresAt)']],
  },
  {
    name: 'keys through JSON',
    file: 'src/core/key.ts',
    edits: [["new KeyWriter().list('argument ', args)", 'JSON.stringify(args)']],
    tests: ['key'],
  },
  {
    name: '-0 is 0',
    file: 'src/core/key.ts',
    edits: [['return !Object.is(value, -0) //', 'return true //']],
    tests: ['key'],
  },
  {
    name: 'strings not escaped in keys',
    file: 'src/core/key-writer.ts',
    edits: [["value.includes('\"') || value.includes('\\\\')", 'false']],
    tests: ['key'],
  },
  {
    name: 'errors kept: a flight that failed can still be joined',
    file: 'src/core/load.ts',
    edits: [['this.#counters.loadErrors++\n    this.#flights.end(flight)', 'this.#counters.loadErrors++']],
  },
  {
    name: 'undefined not kept',
    file: 'src/core/store.ts',
    edits: [['if (fits && lifetime > 0) this', 'if (fits && lifetime > 0 && output !== undefined) this']],
  },
  {
    name: 'invalidate leaves the flight joinable',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [
      [
        '    this.#forget(request)\n    return this.#store.delete(request.key)',
        '    request.pins.outputs.drop(this, request.key)\n    request.pins.readings.drop(this.#source, request.key)\n    return this.#store.delete(request.key)',
      ],
    ],
  },
  {
    name: 'invalidate lets a running load land',
    file: 'src/core/flight.ts',
    edits: [['for (const flight of this.#byKey.get(key) ?? []) flight.lands = false\n', '']],
  },
  {
    name: 'clear forgets the flights',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['this.#loads.groundAll()', '']],
  },
  {
    name: 'a writer does not read its own write',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['      pins.outputs.drop(this, key)\n      pins.readings.drop(this.#source, key)\n', '']],
  },
  {
    name: 'invalidate unpins the output, but goes by the old version',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['      pins.readings.drop(this.#source, key)\n', '']],
  },
  {
    name: 'refresh joins a load that began before it',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [
      [
        '      this.#forget(request)\n      return this.#hold',
        '      request.pins.outputs.drop(this, request.key)\n      request.pins.readings.drop(this.#source, request.key)\n      return this.#hold',
      ],
    ],
  },
  {
    name: 'older overwrites newer',
    file: 'src/core/load.ts',
    edits: [[' || this.#store.isNewer(key, reading)', '']],
  },
  {
    name: 'an older flight lands after a newer output that has been evicted',
    file: 'src/core/load.ts',
    edits: [['    this.#flights.overtake(key, reading.order)\n', '']],
  },
  {
    name: 'an output that cannot be kept leaves the older one in place',
    file: 'src/core/store.ts',
    edits: [['    this.#entries.delete(key)\n    if (fits', '    if (fits']],
    tests: ['entry'],
  },
  {
    name: 'the output is published before its slot is free',
    file: 'src/core/load.ts',
    edits: [
      [
        '    this.#flights.end(flight)\n    if (this',
        '    setImmediate(() => this.#flights.end(flight))\n    if (this',
      ],
    ],
  },
  {
    name: 'LRU touch missing',
    file: 'src/core/store.ts',
    edits: [['    this.#entries.touch(entry)\n', '']],
  },
  {
    name: 'LRU evicts the newest',
    file: 'src/core/lru.ts',
    edits: [['const oldest = this.#oldest as Node', 'const oldest = this.#newest as Node']],
    tests: ['lru'],
  },
  {
    name: 'total size not given back',
    file: 'src/core/lru.ts',
    edits: [['this.#totalSize -= node.size', '']],
    tests: ['lru'],
  },
  {
    name: 'size not bounded',
    file: 'src/core/lru.ts',
    edits: [[' || this.#totalSize > this.#limits.maxSize', '']],
    tests: ['lru'],
  },
  {
    name: 'a load that needs itself hangs',
    file: 'src/core/dependencies.ts',
    edits: [['if (path !== undefined) throw', 'if (path !== undefined && path.length < 0) throw']],
    tests: ['cycle'],
  },
  {
    name: 'a sync output behind a promise is given bare',
    file: 'src/core/entry.ts',
    edits: [['return this.async ? Promise.resolve(this.output) : this.output', 'return this.output']],
  },
  {
    name: 'a shared check runs in the context of nobody who asked',
    file: 'src/core/version.ts',
    edits: [
      [
        'running.next ??= running.ended.then(() => this.#runShared(key, read))',
        'running.next ??= new Promise((resolve) => { running.wake = () => resolve(this.#run(key, read)) })',
      ],
      [
        'if (running.next === undefined) this.#running.delete(key)',
        'if (running.next === undefined) this.#running.delete(key); else running.wake()',
      ],
    ],
    tests: ['version'],
  },
  {
    name: 'instances share a cache',
    file: 'src/core/decorator.ts',
    edits: [
      ['let cache = caches.get(instance)', 'let cache = caches.get(settings)'],
      ['caches.set(instance, cache)', 'caches.set(settings, cache)'],
    ],
    tests: ['decorator'],
  },
  {
    name: 'an instance is kept alive by its cache',
    file: 'src/core/decorator.ts',
    edits: [
      [
        'const caches = new WeakMap<object, VersionedLruCache>()',
        'const caches = new Map<object, VersionedLruCache>()',
      ],
    ],
    tests: ['decorator'],
  },
  {
    name: 'a session is kept without being asked whether it holds',
    file: 'src/core/holder.ts',
    edits: [['if (readHolder(holder) !== session) throw cannotKeep(holder)', '']],
    tests: ['session'],
  },
  {
    name: 'stale output served without bound',
    file: 'src/core/store.ts',
    edits: [[' && staleness(entry, this.#settings.clock()) < bound', '']],
    tests: ['stale'],
  },
  {
    name: 'stale output served though nobody asked for it',
    file: 'src/core/store.ts',
    edits: [
      ['bound > 0 && ', ''],
      ['< bound ?', '<= bound ?'],
    ],
    tests: ['stale', 'versioned-lru-cache', 'entry'],
  },
  {
    name: 'the bound of stale serving counts from the load',
    file: 'src/core/store.ts',
    edits: [["if (verdict !== 'outdated') entry.confirmedAt = Math.max(entry.confirmedAt, reading.readAt)", '']],
    tests: ['stale'],
  },
  {
    name: 'every session starts a background load of its own',
    file: 'src/core/load.ts',
    edits: [['if (this.#flights.hasLanding(call.key)) return', '']],
    tests: ['stale'],
  },
  {
    name: 'a background load raises an unhandled rejection',
    file: 'src/core/load.ts',
    edits: [
      [
        '    recover(\n      () => this.#load(call, flight),\n      () => undefined,\n    )',
        '    this.#load(call, flight)',
      ],
    ],
    tests: ['stale'],
  },
  {
    name: 'an error hides behind what was invalidated',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['return this.#store.delete(request.key)', 'return this.#store.peek(request.key) !== undefined']],
    tests: ['stale', 'versioned-lru-cache'],
  },
  {
    name: 'a failed refresh is hidden by what is kept',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [
      [
        'return this.#hold(request, (call) => after(this.#read(call), (reading) => this.#loads.joinOrLoad(call, reading)))',
        'return this.#hold(request, (call) => recover(() => after(this.#read(call), (reading) => this.#loads.joinOrLoad(call, reading)), (error) => this.#staleOr(error, call.key)))',
      ],
    ],
    tests: ['stale'],
  },
  {
    name: 'a cycle hides behind a stale output',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['error instanceof LoadCycleError ? undefined : this', 'this']],
    tests: ['cycle'],
  },
  {
    name: 'outputs not frozen',
    file: 'src/core/load.ts',
    edits: [['if (this.#settings.freeze) deepFreeze(output)', '']],
    tests: ['freeze'],
  },
  {
    name: 'outputs frozen at the surface only',
    file: 'src/core/freeze.ts',
    edits: [['of partsOf(object)) collect(', 'of [] as [string, unknown][]) collect(']],
    tests: ['freeze'],
  },
  {
    name: 'a Map is frozen like a plain object',
    file: 'src/core/freeze.ts',
    edits: [["if (types.isMap(object)) return ['set', 'delete', 'clear']", '']],
    tests: ['freeze'],
  },
  {
    name: 'cycles seen within one session only',
    file: 'src/core/dependencies.ts',
    edits: [['      if (next !== undefined && !cameFrom.has(next)) cameFrom.set(next, load)\n', '']],
    tests: ['cycle'],
  },
  {
    name: 'a running load remembers every call that it made',
    file: 'src/core/dependencies.ts',
    edits: [['  for (const load of call.awaitedBy ?? []) load.awaits.delete(call)\n', '']],
    tests: ['load'],
  },
  {
    name: 'a stale output is not pinned',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [
      [
        '    this.#loads.loadBehind(call, reading)\n    return this.#serveStale(stale)',
        '    this.#loads.loadBehind(call, reading)\n    setImmediate(() => call.pins.outputs.drop(this, call.key))\n    return this.#serveStale(stale)',
      ],
    ],
    tests: ['stale'],
  },
  {
    name: 'a load goes by the pins of the session that runs it',
    file: 'src/core/session.ts',
    edits: [['return context?.work?.pins ?? sessionPins(option, context)', 'return sessionPins(option, context)']],
    tests: ['work'],
  },
  {
    name: 'a shared check goes by the pins of who asked first',
    file: 'src/core/version.ts',
    edits: [['this.#runShared(key, read))', 'this.#run(key, read))']],
    tests: ['work'],
  },
  {
    name: 'invalidate inside a load leaves the pins of the session',
    file: 'src/core/session.ts',
    edits: [['new Set([sessionPins(option, currentContext())])', 'new Set<Pins>()']],
    tests: ['work'],
  },
  {
    name: 'what was made of something stale is kept as good',
    file: 'src/core/load.ts',
    edits: [['} else if (flight.work?.tainted) {', '} else if (output === flight) {']],
    tests: ['work'],
  },
  {
    name: 'stale parts are seen by the load that calls them only',
    file: 'src/core/load.ts',
    edits: [['if (flight.work?.tainted) taintCurrentWork()', '']],
    tests: ['work'],
  },
  {
    name: 'a load older than the TTL is joined',
    file: 'src/core/flight.ts',
    edits: [
      [
        'sameStamps(stamps, reading.stamps) && (readAt > readAfter || readAt >= reading.readAt)',
        'sameStamps(stamps, reading.stamps)',
      ],
    ],
    tests: ['races'],
  },
  {
    name: 'a timer of the loader keeps the output',
    file: 'src/core/flight.ts',
    edits: [['    flight.outcome = undefined // a timer', '    // a timer']],
    tests: ['load'],
  },
  {
    name: 'large arguments are kept in their keys',
    file: 'src/core/key.ts',
    edits: [['key.length > MAX_KEY_LENGTH ? digestOf(key) : key', 'key.length < 0 ? digestOf(key) : key']],
    tests: ['key'],
  },
  {
    name: 'large keys are digested as UTF-8',
    file: 'src/core/key.ts',
    edits: [["'utf16le'", "'utf8'"]],
    tests: ['key'],
  },
  {
    name: 'an async function throws',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['if (this.#givesPromises()) return Promise.reject(error)', '']],
    tests: ['misuse'],
  },
  {
    name: 'the session is copied with the object that holds it',
    file: 'src/core/holder.ts',
    edits: [['if (Object.hasOwn(holder, SESSION)) Object', 'if (SESSION in {}) Object']],
    tests: ['session'],
  },
  {
    name: 'a size that is no number is added up',
    file: 'src/core/store.ts',
    edits: [["typeof size === 'number' && size > 0", 'size > 0']],
    tests: ['entry'],
  },
  {
    name: 'detached work stays in the session',
    file: 'src/core/context.ts',
    edits: [['return ambient.run(undefined, fn)', 'return fn()']],
    tests: ['work'],
  },
  {
    name: 'a slow check stops its waiters from sharing a load',
    file: 'src/core/flight.ts',
    edits: [[' || readAt >= reading.readAt', '']],
  },
  {
    name: 'the ninth pin of a session hides the first eight',
    file: 'src/core/pins.ts',
    edits: [['of [...few, pin]) this', 'of [pin].slice(few.length > 99 ? 1 : 0)) this']],
    tests: ['pins'],
  },
  {
    name: 'a load without a session has a new session for every call',
    file: 'src/core/session.ts',
    edits: [['context?.work?.pins ?? sess', '(context?.session && context.work?.pins) ?? sess']],
    tests: ['work'],
  },
  {
    name: 'invalidate in an inner load leaves the pins of the outer one',
    file: 'src/core/session.ts',
    edits: [
      [
        '  for (const { pins } of currentWork()) all.add(pins)\n',
        '  for (const { pins } of [...currentWork()].slice(0, 1)) all.add(pins)\n',
      ],
    ],
    tests: ['work'],
  },
  {
    name: 'a session that begins in a load goes by the pins of the load',
    file: 'src/core/work.ts',
    edits: [['work: outer && new Work(outer.load, outer) }', 'work: outer }']],
    tests: ['work'],
  },
  {
    name: 'a load goes on after its end',
    file: 'src/core/dependencies.ts',
    edits: [['  load.work?.end()\n', '']],
    tests: ['work'],
  },
  {
    name: 'a shared check hides that it went by something stale',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['  if (reading.tainted) taintCurrentWork()\n', '']],
    tests: ['work'],
  },
  {
    name: 'a session within a load hides that it was served something stale',
    file: 'src/core/context.ts',
    edits: [
      [
        'work !== undefined && work.load === current?.load; work = work.outer',
        'work !== undefined && work === current; work = work.outer',
      ],
    ],
    tests: ['work'],
  },
  {
    name: 'a load starts itself again and again, when it cannot join itself',
    file: 'src/core/load.ts',
    edits: [['&& Object.is(load.key, key)', '&& !Object.is(load.key, key)']],
    tests: ['cycle'],
  },
  {
    name: 'a chain of timers holds all that ran in it',
    file: 'src/core/work.ts',
    edits: [['return work?.pins && work', 'return work']],
    tests: ['load'],
  },
]
