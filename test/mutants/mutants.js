/**
 * Small edits of the source, each of which breaks one promise: a test has to notice every one of them. An edit is
 * a pair of texts, of which the first stands exactly once in the file. The tests that are about the promise are tried
 * before the others, and before these the one that killed the mutant last, if killers.json has it.
 *
 * @type {{ name: string, file: string, edits: [from: string, to: string][], tests?: string[] }[]}
 */
export const mutants = [
  {
    name: 'stamp after load: the version is read when the load has begun',
    file: 'src/core/load.ts',
    edits: [
      [
        'const loaded = this.#begin(call, flight)',
        `const loaded = this.#begin(call, flight)
    const late = this.#settings.version?.apply(call.self, call.args)
    if (!isThenable(late)) (flight.reading as { version: unknown }).version = late`,
      ],
    ],
  },
  {
    name: 'join any flight, of whatever version',
    file: 'src/core/flight.ts',
    edits: [['sameVersion(version, reading.version) && (', '(']],
  },
  {
    name: 'join the running check',
    file: 'src/core/checks.ts',
    edits: [
      [
        'this.#follow(key, outcome) //',
        'this.#follow(key, outcome); this.#running.get(key).joined = outcome.then((version) => ({ version, readAt, order, tainted: false })) //',
      ],
      ['running.next ??=', 'return running.joined\n    running.next ??='],
    ],
  },
  {
    name: 'two checks of one key at a time',
    file: 'src/core/checks.ts',
    edits: [['if (running === undefined) {', '{']],
  },
  {
    name: 'no room for the next check when one fails',
    file: 'src/core/checks.ts',
    edits: [['outcome.then(end, end)', 'outcome.then(end, () => {})']],
  },
  {
    name: 'no time limit for the version function',
    file: 'src/core/timeout.ts',
    edits: [['milliseconds === Number.POSITIVE_INFINITY', 'milliseconds > 0']],
    tests: ['version'],
  },
  {
    name: 'the time limit keeps the process alive',
    file: 'src/core/timeout.ts',
    edits: [['.unref()', '']],
    tests: ['version'],
  },
  {
    name: 'versions compared loosely',
    file: 'src/core/version.ts',
    edits: [['if (a === b) return a !== 0 || Object.is(a, b)', 'if (a == b) return true']],
  },
  {
    name: 'a list of versions is not copied',
    file: 'src/core/version.ts',
    edits: [['return Object.freeze([...version])', 'return version']],
    tests: ['version'],
  },
  {
    name: 'one version for all arguments, as in Python',
    file: 'src/core/answers.ts',
    edits: [
      [
        'const reading = this.#versions.read(call.pins, call.pin, call)',
        'for (const { owner, reading } of call.pins ?? []) if (owner === call.pin.owner) call.pin.reading ??= reading\n    const reading = this.#versions.read(call.pins, call.pin, call)',
      ],
    ],
  },
  {
    name: 'no ownership on cleanup: a flight that ends takes another one out',
    file: 'src/core/flight.ts',
    edits: [
      ['if (flights === undefined || !flights.includes(flight)) return', ''],
      ['    const others = flights.filter((other) => other !== flight)\n', ''],
      ['if (others.length === 0) this', 'this'],
      ['    else this.#byKey.set(flight.key, others)\n', ''],
    ],
  },
  {
    name: 'output not pinned',
    file: 'src/core/pin.ts',
    edits: [['this.readyFor = this.#arity', 'this.letGo()']],
  },
  {
    name: 'version not pinned',
    file: 'src/core/versions.ts',
    edits: [['return pin.reading ?? pin.goBy(', 'return pin.goBy(']],
  },
  {
    name: 'pin set after the first await',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['pins.add(pin)', 'setImmediate(() => pins.add(pin))']],
  },
  {
    name: 'failed pin kept',
    file: 'src/core/answers.ts',
    edits: [['    pin.letGo()\n', '']],
  },
  {
    name: 'a failure unpins what came after it',
    file: 'src/core/pins.ts',
    edits: [['|| this.get(pin.owner, pin.key) !== pin) return', ') return']],
    tests: ['pins'],
  },
  {
    name: 'TTL from the end of the load',
    file: 'src/core/store.ts',
    edits: [
      [
        'size, reading, order, making, lifetime })',
        'size, reading: { ...reading, readAt: this.#settings.clock() }, order, making, lifetime })',
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
    file: 'src/core/store.ts',
    edits: [['now < (expiresAt', 'now <= (expiresAt']],
    tests: ['entry'],
  },
  {
    name: 'kept for longer by a clock that goes back',
    file: 'src/core/store.ts',
    edits: [['now >= (readAt[slot] as number) && now', 'now']],
  },
  {
    name: 'expiry judged by the time when the version was read',
    file: 'src/core/store.ts',
    edits: [
      [
        "if (this.#isExpired(slot, now)) return this.miss('expired')",
        "if (this.#isExpired(slot, reading.readAt)) return this.miss('expired')",
      ],
    ],
    tests: ['entry'],
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
    edits: [[' && !Object.is(value, -0)', '']],
    tests: ['key'],
  },
  {
    name: 'NaN is its own key',
    file: 'src/core/key.ts',
    edits: [['!Number.isNaN(value) && ', '']],
    tests: ['pins'],
  },
  {
    name: 'strings not escaped in keys',
    file: 'src/core/key-writer.ts',
    edits: [["value.includes('\"') || value.includes('\\\\')", 'false']],
    tests: ['key'],
  },
  {
    name: 'errors kept: a flight that failed can still be joined',
    file: 'src/core/landing.ts',
    edits: [['this.#lifetime)\n    this.#flights.end(flight)', 'this.#lifetime)']],
  },
  {
    name: 'undefined not kept',
    file: 'src/core/store.ts',
    edits: [['if (fits && lifetime > 0) {', 'if (fits && lifetime > 0 && output !== undefined) {']],
  },
  {
    name: 'invalidate leaves the flight joinable',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [
      [
        '    this.#forget(key)\n    return',
        '    const pins = pinsOfCaller(this.#session)\n    const pin = pins?.get(this, key)\n    if (pin) pins?.drop(pin)\n    return',
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
    edits: [['pins.drop(pins.get(this, key))', 'pins.get(this, key)']],
  },
  {
    name: 'invalidate unpins the output, but goes by the old version',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['pins.drop(pins.get(this, key))', 'pins.get(this, key)?.letGo()']],
  },
  {
    name: 'refresh joins a load that began before it',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [
      [
        '      this.#forget(key)\n      return this.#enter',
        '      for (const pins of allPinsOfCaller(this.#session)) pins.drop(pins.get(this, key))\n      return this.#enter',
      ],
    ],
  },
  {
    name: 'older overwrites newer',
    file: 'src/core/landing.ts',
    edits: [[' && !this.#store.isNewer(key, order)', '']],
  },
  {
    name: 'an older flight lands after a newer output that has been evicted',
    file: 'src/core/landing.ts',
    edits: [['      this.#flights.overtake(key, order)\n', '']],
  },
  {
    name: 'an output that cannot be kept leaves the older one in place',
    file: 'src/core/store.ts',
    edits: [['      this.#entries.delete(key)\n', '']],
    tests: ['entry'],
  },
  {
    name: 'the output is published before its slot is free',
    file: 'src/core/landing.ts',
    edits: [
      ['    this.#flights.end(flight)\n    try {', '    setImmediate(() => this.#flights.end(flight))\n    try {'],
    ],
  },
  {
    name: 'LRU touch missing',
    file: 'src/core/store.ts',
    edits: [['    this.#entries.use(slot)\n', '']],
  },
  {
    name: 'LRU evicts the newest',
    file: 'src/core/eviction.ts',
    edits: [['return this.#list.oldest', 'return this.#list.newest']],
    tests: ['eviction'],
  },
  {
    name: 'SIEVE never marks',
    file: 'src/core/eviction.ts',
    edits: [['this.#marked[slot] = 1', '']],
    tests: ['eviction'],
  },
  {
    name: 'SIEVE begins at the oldest each time',
    file: 'src/core/eviction.ts',
    edits: [['let hand = this.#hand || this', 'let hand = this']],
    tests: ['eviction'],
  },
  {
    name: 'the hand of SIEVE is left on a removed slot',
    file: 'src/core/eviction.ts',
    edits: [['if (slot === this.#hand) this', 'if (slot === NO_SLOT) this']],
    tests: ['eviction'],
  },
  {
    name: 'SIEVE takes a mark for that of what was in the slot before',
    file: 'src/core/eviction.ts',
    edits: [['    this.#marked[slot] = 0\n    this', '    this']],
    tests: ['eviction'],
  },
  {
    name: 'a freed slot keeps its output',
    file: 'src/core/entries.ts',
    edits: [['this.#outputs[slot] = undefined', '']],
    tests: ['eviction'],
  },
  {
    name: 'a freed slot keeps its version',
    file: 'src/core/entries.ts',
    edits: [['this.versions[slot] = undefined', '']],
    tests: ['eviction'],
  },
  {
    name: 'slots that were freed are never used again',
    file: 'src/core/entries.ts',
    edits: [['this.#free.push(slot)', '']],
    tests: ['eviction'],
  },
  {
    name: 'clear keeps the room',
    file: 'src/core/entries.ts',
    edits: [['this.#resize(0)', '']],
    tests: ['eviction'],
  },
  {
    name: 'entries not bounded',
    file: 'src/core/entries.ts',
    edits: [['this.#slots.size >= max || ', '']],
    tests: ['eviction'],
  },
  {
    name: 'total size not given back',
    file: 'src/core/entries.ts',
    edits: [['this.#totalSize -= this.#sizes[slot] as number', '']],
    tests: ['eviction'],
  },
  {
    name: 'size not bounded',
    file: 'src/core/entries.ts',
    edits: [[' || this.#totalSize + size > maxSize', '']],
    tests: ['eviction'],
  },
  {
    name: 'a load that needs itself hangs',
    file: 'src/core/cycle.ts',
    edits: [['if (path !== undefined) throw', 'if (path !== undefined && path.length < 0) throw']],
    tests: ['cycle'],
  },
  {
    name: 'a sync output behind a promise is given bare',
    file: 'src/core/store.ts',
    edits: [['isAsync(slot) ? Promise.resolve(output) : output', 'isAsync(slot) ? output : output']],
  },
  {
    name: 'a shared check runs in the context of nobody who asked',
    file: 'src/core/checks.ts',
    edits: [
      [
        'running.ended.then(() => this.#runShared(key, asker))',
        'new Promise((resolve) => { running.wake = () => resolve(this.#runShared(key, asker)) })',
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
    edits: [[' && this.#staleness(slot, now) < bound', '']],
    tests: ['stale'],
  },
  {
    name: 'stale output served though nobody asked for it',
    file: 'src/core/store.ts',
    edits: [
      ['if (bound === 0) return NO_SLOT\n', ''],
      ['< bound ?', '<= bound ?'],
    ],
    tests: ['stale', 'versioned-lru-cache', 'entry'],
  },
  {
    name: 'the bound of stale serving counts from the load',
    file: 'src/core/store.ts',
    edits: [['confirmedAt[slot] = readAt', '{}']],
    tests: ['stale'],
  },
  {
    name: 'every session starts a background load of its own',
    file: 'src/core/load.ts',
    edits: [['if (this.#flights.hasLanding(call.pin.key)) return', '']],
    tests: ['stale'],
  },
  {
    name: 'a background load raises an unhandled rejection',
    file: 'src/core/load.ts',
    edits: [
      [
        '    recover(\n      () => this.#load({ ...call, pins: new Pins() }, flight),\n      () => undefined,\n    )',
        '    this.#load({ ...call, pins: new Pins() }, flight)',
      ],
    ],
    tests: ['stale'],
  },
  {
    name: 'an error hides behind what was invalidated',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['return this.store.delete(key)', 'return this.store.peek(key) !== undefined']],
    tests: ['stale', 'versioned-lru-cache'],
  },
  {
    name: 'a failed refresh is hidden by what is kept',
    file: 'src/core/answers.ts',
    edits: [['!refresh && ', '']],
    tests: ['stale'],
  },
  {
    name: 'a cycle hides behind a stale output',
    file: 'src/core/answers.ts',
    edits: [[' && !(error instanceof LoadCycleError)', '']],
    tests: ['cycle'],
  },
  {
    name: 'outputs not frozen',
    file: 'src/core/landing.ts',
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
    file: 'src/core/cycle.ts',
    edits: [['      if (next !== undefined && !cameFrom.has(next)) cameFrom.set(next, load)\n', '']],
    tests: ['cycle'],
  },
  {
    name: 'a running load remembers every call that it made',
    file: 'src/core/cycle.ts',
    edits: [['    for (const load of call.awaitedBy) load.awaits.delete(call)\n', '']],
    tests: ['load'],
  },
  {
    name: 'a stale output is not pinned',
    file: 'src/core/answers.ts',
    edits: [
      [
        'const outcome = this.#serveStale(call, stale)',
        'setImmediate(() => call.pin.letGo())\n    const outcome = this.#serveStale(call, stale)',
      ],
    ],
    tests: ['stale'],
  },
  {
    name: 'what is served stale is taken after the background load has begun',
    file: 'src/core/answers.ts',
    edits: [
      ['    this.#loads.loadBehind(call, reading)\n', ''],
      [
        'const outcome = this.#serveStale(call, stale)',
        'this.#loads.loadBehind(call, reading)\n    const outcome = this.#serveStale(call, stale)',
      ],
    ],
    tests: ['stale'],
  },
  {
    name: 'a clock that staleIfError needs is not asked',
    file: 'src/core/settings.ts',
    edits: [[' && staleIfError === 0', '']],
    tests: ['stale'],
  },
  {
    name: 'a clock that staleWhileRevalidate needs is not asked',
    file: 'src/core/settings.ts',
    edits: [[' && staleWhileRevalidate === 0', '']],
    tests: ['stale'],
  },
  {
    name: 'a load is not told what it reads',
    file: 'src/core/work.ts',
    edits: [['pins: this.pins }', 'pins: sessionPins }']],
    tests: ['work'],
  },
  {
    name: 'a load is not told what it reads of functions that name their session',
    file: 'src/core/session.ts',
    edits: [
      ['  if (work?.pins !== undefined) return work.pins\n', ''],
      ['work?.load === undefined ? pins : pins?.watched(undefined)', 'pins'],
    ],
    tests: ['work'],
  },
  {
    name: 'a shared check goes by the pins of who asked first',
    file: 'src/core/checks.ts',
    edits: [['this.#runShared(key, asker))', 'this.#run(key, asker))']],
    tests: ['work'],
  },
  {
    name: 'invalidate leaves the pins of the session',
    file: 'src/core/session.ts',
    edits: [['new Set([own, ambient, ...ofWork]', 'new Set([...ofWork]']],
    tests: ['control'],
  },
  {
    name: 'what was made of something stale is kept as good',
    file: 'src/core/landing.ts',
    edits: [['flight.work?.tainted || !flight.reads.isWhole', '!flight.reads.isWhole']],
    tests: ['late-reads'],
  },
  {
    name: 'stale parts are seen by the load that calls them only',
    file: 'src/core/load.ts',
    edits: [['call.pin.taint()', '']],
    tests: ['work'],
  },
  {
    name: 'a load older than the TTL is joined',
    file: 'src/core/flight.ts',
    edits: [[' && (readAt > readAfter || readAt >= reading.readAt)', '']],
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
    edits: [['if (this.#loads.givesPromises) return Promise.reject(error)', '']],
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
    name: 'the first pins of a session are lost when there are many',
    file: 'src/core/pins.ts',
    edits: [['const few = [...this]', 'const few = [...this].slice(-1)']],
    tests: ['pins'],
  },
  {
    name: 'a raw argument finds the pin of a written key',
    file: 'src/core/pins.ts',
    edits: [['pin.readyFor === count', 'pin.isReady']],
    tests: ['pins'],
  },
  {
    name: '-0 finds the pin of 0',
    file: 'src/core/pins.ts',
    edits: [['count === 1 && !isMinusZero(a)', 'count === 1']],
    tests: ['pins'],
  },
  {
    name: '-0 as the second argument finds the pin of 0',
    file: 'src/core/pins.ts',
    edits: [[' && !isMinusZero(b)', '']],
    tests: ['pins'],
  },
  {
    name: 'a third argument is ignored',
    file: 'src/core/pins.ts',
    edits: [
      ['count === 2 &&', 'count >= 2 &&'],
      ['pin.readyFor === count', 'pin.readyFor === Math.min(count, 2)'],
    ],
    tests: ['pins'],
  },
  {
    name: 'the order of a pair is ignored, among few',
    file: 'src/core/pins.ts',
    edits: [['pin.pair[0] === a && pin.pair[1] === b', 'pin.pair.includes(a) && pin.pair.includes(b)']],
    tests: ['pins'],
  },
  {
    name: 'the order of a pair is ignored, among many',
    file: 'src/core/pins.ts',
    edits: [
      [
        '?.byPair?.get(a)?.get(b)',
        '?.byPair?.get(a)?.get(b) ?? this.#boardOf(owner, this.#first)?.byPair?.get(b)?.get(a)',
      ],
    ],
    tests: ['pins'],
  },
  {
    name: 'a pair that was dropped is still found',
    file: 'src/core/pin-board.ts',
    edits: [['    ofFirst?.delete(b)\n', '']],
    tests: ['pins'],
  },
  {
    name: 'a key function is ignored by a hit',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['this.settings.key === undefined ? asker.args : undefined', 'asker.args']],
    tests: ['pins'],
  },
  {
    name: 'a pin that is opening gives what it has not got yet',
    file: 'src/core/pin.ts',
    edits: [['this.readyFor = OPENING', 'this.readyFor = this.#arity']],
    tests: ['pins'],
  },
  {
    name: 'a load without a session has a new session for every call',
    file: 'src/core/work.ts',
    edits: [['pins: this.pins }', 'pins: session && this.pins }']],
    tests: ['work'],
  },
  {
    name: 'invalidate in an inner load leaves the pins of the outer one',
    file: 'src/core/session.ts',
    edits: [['[...currentWork()].flatMap', '[...currentWork()].slice(0, 1).flatMap']],
    tests: ['work'],
  },
  {
    name: 'a session that begins in a load goes by the pins of the load',
    file: 'src/core/work.ts',
    edits: [['outer && new Work(pins.watched(pins.snapshot), outer.load, outer)', 'outer']],
    tests: ['work'],
  },
  {
    name: 'a load goes on after its end',
    file: 'src/core/flight.ts',
    edits: [['    flight.work?.end()\n', '']],
    tests: ['work'],
  },
  {
    name: 'what outlives a load goes by its pins',
    file: 'src/core/work.ts',
    edits: [['context.pins = this.load', 'context.pins ??= this.load']],
    tests: ['work'],
  },
  {
    name: 'a shared check hides that it went by something stale',
    file: 'src/core/pin.ts',
    edits: [['if (reading.tainted) this.taint()', '']],
    tests: ['late-reads'],
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
    tests: ['nested-sessions'],
  },
  {
    name: 'a load starts itself again and again, when it cannot join itself',
    file: 'src/core/load.ts',
    edits: [['&& load.key === key', '&& load.key !== key']],
    tests: ['cycle'],
  },
  {
    name: 'a chain of timers holds all that ran in it',
    file: 'src/core/work.ts',
    edits: [['return work?.isUnderWay ? work : undefined', 'return work']],
    tests: ['load'],
  },
  {
    name: 'a dependency is checked without being pinned',
    file: 'src/core/dependency.ts',
    edits: [
      [
        'pinVersion(cache.versions, pins, pin, asker), (',
        'pinVersion(cache.versions, pins, Object.create(pin), asker), (',
      ],
    ],
    tests: ['dependency'],
  },
  {
    name: 'stale outputs are served after a tag has gone out',
    file: 'src/core/answers.ts',
    edits: [['pins?.onlyCurrent || refusesStale() ? NO_SLOT : ', '']],
    tests: ['dependency'],
  },
  {
    name: 'what is made of something stale does not tell the session',
    file: 'src/core/pin.ts',
    edits: [['this.tainted = true\n', '']],
    tests: ['dependency'],
  },
  {
    name: 'a failed check goes unheard',
    file: 'src/core/checks.ts',
    edits: [["announce({ type: 'checkFailed', name: this.#settings.name, key: showKey(key), error })", '']],
    tests: ['dependency'],
  },
  {
    name: 'a tag of the versions alone: two functions look alike',
    file: 'src/http/conditional.ts',
    edits: [['[source, key, version]', '[key, version]']],
    tests: ['http/conditional'],
  },
  {
    name: 'one tag for all variants',
    file: 'src/http/conditional.ts',
    edits: [['[name, head.header(name)]', 'name']],
    tests: ['http/conditional'],
  },
  {
    name: 'a tag goes out with an error',
    file: 'src/http/conditional.ts',
    edits: [['!isSuccess(status) || this.#session', 'this.#session']],
    tests: ['http/conditional'],
  },
  {
    name: 'a tag goes out with something stale',
    file: 'src/http/conditional.ts',
    edits: [['!isSuccess(status) || this.#session.servedStale', '!isSuccess(status)']],
    tests: ['http/conditional'],
  },
  {
    name: 'a tag of some of the versions, when another cannot be had',
    file: 'src/http/conditional.ts',
    edits: [['versions.length === seen.length ?', 'versions.length > 0 ?']],
    tests: ['http/conditional'],
  },
  {
    name: '304 for a POST',
    file: 'src/http/conditional.ts',
    edits: [["if (head.method !== 'GET' && head.method !== 'HEAD') return undefined", '']],
    tests: ['http/conditional'],
  },
  {
    name: 'a * is matched before anybody has looked',
    file: 'src/http/entity-tag.ts',
    edits: [['return listed.includes(', "return ifNoneMatch === '*' || listed.includes("]],
    tests: ['http/entity-tag'],
  },
  {
    name: 'a client keeps its answer beyond the TTL',
    file: 'src/http/entity-tag.ts',
    edits: [['ttl === Number.POSITIVE_INFINITY ?', 'ttl > 0 ?']],
    tests: ['http/entity-tag'],
  },
  {
    name: 'Express: the handler runs outside of the session',
    file: 'src/integrations/express.ts',
    edits: [['runInSessionOf(request, next)', 'next()']],
    tests: ['express'],
  },
  {
    name: 'Express: the versions are those of another session',
    file: 'src/http/node.ts',
    edits: [['await route.validate(request, headOf(raw), raw)', 'await route.validate(request, headOf(raw), {})']],
    tests: ['express'],
  },
  {
    name: 'what listens to a request is outside of its session',
    file: 'src/http/node.ts',
    edits: [['if (!bound.has(request)) {', 'if (request === undefined) {']],
    tests: ['express'],
  },
  {
    name: 'the tag is not taken back when the head is written',
    file: 'src/http/node.ts',
    edits: [["response.getHeader('etag') === validator.tag", "response.getHeader('etag') === ''"]],
    tests: ['express'],
  },
  {
    name: 'Koa: a stream is read outside of the session',
    file: 'src/integrations/koa.ts',
    edits: [['if (context.body instanceof Readable)', 'if (context.body === context)']],
    tests: ['koa'],
  },
  {
    name: 'Koa: the tag stays on what is answered instead of a handler that failed',
    file: 'src/integrations/koa.ts',
    edits: [['validator?.giveUp()', '']],
    tests: ['koa'],
  },
  {
    name: 'Fastify: the hook is for an instance of its own',
    file: 'src/integrations/fastify.ts',
    edits: [["[Symbol.for('skip-override')]: true", "[Symbol.for('skip-override')]: false"]],
    tests: ['fastify'],
  },
  {
    name: 'Fastify: what a hook has set is written over what the route adds',
    file: 'src/http/fastify.ts',
    edits: [['if (value === undefined) continue', 'if (value !== name) continue']],
    tests: ['fastify'],
  },
  {
    name: 'Fastify: nobody hears of what a handler throws at once',
    file: 'src/integrations/fastify.ts',
    edits: [['else done()', 'else queueMicrotask(done)']],
    tests: ['fastify'],
  },
  {
    name: 'Fastify: the handler goes on where the hook was called',
    file: 'src/integrations/fastify.ts',
    edits: [
      ['else done()', 'else setImmediate(detachedDone, done)'],
      [
        '/** A hook of Fastify',
        "import { detached } from '../core/context.ts'\nconst detachedDone = (done: () => void): void => detached(done)\n/** A hook of Fastify",
      ],
    ],
    tests: ['fastify'],
  },
  {
    name: 'Hono: a conditional route runs outside of its session',
    file: 'src/integrations/hono.ts',
    edits: [['return session.run(async () => {', 'return ((fn: () => Promise<void>) => fn())(async () => {']],
    tests: ['hono'],
  },
  {
    name: 'Hono: a tag goes out with what an error handler answers',
    file: 'src/integrations/hono.ts',
    edits: [[' || c.error !== undefined', '']],
    tests: ['hono'],
  },
  {
    name: 'Hono: another request object is another session',
    file: 'src/integrations/hono.ts',
    edits: [['if (kept instanceof Session) return kept', '']],
    tests: ['hono'],
  },
  {
    name: 'in Nest a request has no session',
    file: 'src/integrations/nest.ts',
    edits: [['  runInSessionOf(request, next)\n', '  void request\n  next()\n']],
    tests: ['nest'],
  },
  {
    name: 'in Nest what a handler gives begins its work outside of the session',
    file: 'src/integrations/nest.ts',
    edits: [
      ['new Observable((subscriber) => run(() => next.handle().subscribe(subscriber)))', 'run(() => next.handle())'],
      ["import { Observable, of, tap } from 'rxjs'", "import { type Observable, of, tap } from 'rxjs'"],
    ],
    tests: ['nest'],
  },
  {
    name: 'in Nest a 304 is left to a handler that does not run',
    file: 'src/integrations/nest.ts',
    edits: [['if (isSentByHandler(context)) response.send()\n  else ', '']],
    tests: ['nest'],
  },
  {
    name: 'in Nest a 304 has the content that other interceptors make of nothing',
    file: 'src/integrations/nest.ts',
    edits: [['response.statusCode === 304 ? ', 'response.statusCode === 0 ? ']],
    tests: ['nest'],
  },
  {
    name: 'in Nest each interceptor begins a session of its own for a message',
    file: 'src/integrations/nest.ts',
    edits: [['Session.of(context)', 'new Session()']],
    tests: ['nest-messages'],
  },
  {
    name: 'a load for who has refused it is made of something stale',
    file: 'src/core/answers.ts',
    edits: [['pins?.onlyCurrent || refusesStale()', 'pins?.onlyCurrent']],
    tests: ['dependency'],
  },
  {
    name: 'who has refused it joins a load that is made of something stale',
    file: 'src/core/joining.ts',
    edits: [['  if (isStale && (pins.onlyCurrent || refusesStale())) return false\n', '']],
    tests: ['dependency'],
  },
  {
    name: 'a session forgets with its pins that it was served something stale',
    file: 'src/core/context.ts',
    edits: [['context.sessionPins.servedStale = true', 'context.sessionPins.servedStale = false']],
    tests: ['dependency'],
  },
  {
    name: 'a handler that sets Vary wipes what the route varies by',
    file: 'src/http/node.ts',
    edits: [['addVary(response, validator) //', '//']],
    tests: ['express'],
  },
  {
    name: 'a batch reads for who asked after it had begun',
    file: 'src/core/batches.ts',
    edits: [
      ['      queue.gathering = undefined\n', ''],
      ['queue.running = undefined\n', 'queue.running = undefined\n        queue.gathering = undefined\n'],
    ],
    tests: ['version-source'],
  },
  {
    name: 'a source is checked for each function that goes by it',
    file: 'src/core/shared-source.ts',
    edits: [['pins?.get(this, key) ?? new Pin(', 'new Pin(']],
    tests: ['version-source'],
  },
  {
    name: 'a list of sources goes by the first of them',
    file: 'src/core/composite.ts',
    edits: [['keyOf(versions)', 'versions[0] as Version']],
    tests: ['version-source'],
  },
  {
    name: 'a counter begins again where an earlier one began',
    file: 'src/core/counter.ts',
    edits: [['= randomUUID()', "= 'epoch'"]],
    tests: ['counter'],
  },
  {
    name: 'a key that a counter forgets gets an old version',
    file: 'src/core/counts.ts',
    edits: [
      ['if (this.#ofKeys.size > this.#max) this.bumpAll()', 'if (this.#ofKeys.size > this.#max) this.#ofKeys.clear()'],
    ],
    tests: ['counter'],
  },
  {
    name: 'a file that is young is told by its times alone',
    file: 'src/sources/file-tree.ts',
    edits: [['return isYoung(found, now) ? `file', 'return found.size < 0n ? `file']],
    tests: ['sources/file'],
  },
  {
    name: 'a file goes by its time of modification, which can be set back',
    file: 'src/sources/file-tree.ts',
    edits: [['[dev, ino, size, mtimeNs, ctimeNs]', '[dev, ino, size, mtimeNs, ctimeNs - ctimeNs]']],
    tests: ['sources/file'],
  },
  {
    name: 'a file that is missing again has its old version back',
    file: 'src/sources/file-tree.ts',
    edits: [['= `nothing in $', '= `nothing` || `$']],
    tests: ['sources/file'],
  },
  {
    name: 'PostgreSQL: a server that was started again has the old versions',
    file: 'src/integrations/postgres.ts',
    edits: [
      [
        "concat_ws(' ', e.epoch, c.oid, extract(epoch from pg_postmaster_start_time())::text, (",
        "concat_ws(' ', e.epoch, c.oid, (",
      ],
    ],
    tests: ['sources/postgres'],
  },
  {
    name: 'PostgreSQL: what may be rolled back has a version',
    file: 'src/integrations/postgres.ts',
    edits: [['if (row.writing) return new InvalidVersionError(WRITING)', '']],
    tests: ['sources/postgres'],
  },
  {
    name: 'PostgreSQL: a table that lost its trigger keeps its epoch',
    file: 'src/sources/postgres-triggers.ts',
    edits: [['on conflict (relation) do update set epoch = excluded.epoch', 'on conflict (relation) do nothing']],
    tests: ['sources/postgres'],
  },
  {
    name: 'PostgreSQL: a row that moves outdates the key it leaves, and not the one it comes to',
    file: 'src/sources/postgres-schema.ts',
    edits: [['as key from old_rows union all select %1$I from new_rows', 'as key from old_rows']],
    tests: ['sources/postgres-keys'],
  },
  {
    name: 'PostgreSQL: keys are told apart by their text',
    file: 'src/sources/postgres-schema.ts',
    edits: [
      ["bucketOf('key', '%s')", "bucketOf('key::text', '%s')"],
      ["bucketOf('$1::%s%s', '$2')", "bucketOf('$1::text', '$2')"],
    ],
    tests: ['sources/postgres-keys'],
  },
  {
    name: 'PostgreSQL: truncate is no news for keys',
    file: 'src/sources/postgres-keys.ts',
    edits: [['s.bucket in (asked.bucket, -1)', 's.bucket = asked.bucket']],
    tests: ['sources/postgres-keys'],
  },
  {
    name: 'PostgreSQL: what an older release has installed stays',
    file: 'src/sources/postgres-schema.ts',
    edits: [['::int, 0) <', "::int, 0) < 1 and to_regclass('versioned_lru_cache.epochs') is null and 0 <"]],
    tests: ['sources/postgres-keys'],
  },
  {
    name: 'PostgreSQL: each statement locks its buckets in an order of its own',
    file: 'src/sources/postgres-schema.ts',
    edits: [['from (%s) buckets order by bucket', 'from (%s) buckets order by random()']],
    tests: ['sources/postgres-keys'],
  },
  {
    name: 'PostgreSQL: a listener that lost its connection is not told',
    file: 'src/sources/postgres-hint.ts',
    edits: [['if (end()) onLost(error)', 'end()']],
    tests: ['sources/postgres-hint'],
  },
  {
    name: 'Redis: a version says nothing of the server that gave it',
    file: 'src/integrations/redis.ts',
    edits: [['[history, all, version]', '[all, version]']],
    tests: ['sources/redis'],
  },
  {
    name: 'Redis: a version that is missing is one like any other',
    file: 'src/sources/redis-scripts.ts',
    edits: [['version or bumpVersion(KEYS[first + index - 1], ARGV[1])', "version or 'none'"]],
    tests: ['sources/redis'],
  },
  {
    name: 'Redis: a bump counts',
    file: 'src/sources/redis-scripts.ts',
    edits: [
      ["redis.call('SET', key, version,", "version = tostring(redis.call('INCR', key))\n  redis.call('EXPIRE', key,"],
      ["'EX', $", '$'],
    ],
    tests: ['sources/redis'],
  },
  {
    name: 'Redis: a bump that is sent twice brings its version back',
    file: 'src/sources/redis-scripts.ts',
    edits: [["time[1] .. '.' .. time[2] .. ' ' .. random", 'random']],
    tests: ['sources/redis'],
  },
  {
    name: 'Redis: a replica is asked',
    file: 'src/sources/redis-scripts.ts',
    edits: [["if role ~= 'master' or history == '' then", "if history == '' then"]],
    tests: ['sources/redis'],
  },
  {
    name: 'snapshot: a load does not read in it',
    file: 'src/core/load.ts',
    edits: [['pinsOf(call), flight.reading.snapshot,', 'pinsOf(call), undefined,']],
    tests: ['sources/postgres-snapshot'],
  },
  {
    name: 'snapshot: a kept output may be newer than its version',
    file: 'src/core/store.ts',
    edits: [['if (reading.snapshot !== undefined && entries.exact[slot] === 0) return this.miss()', '']],
    tests: ['sources/postgres-snapshot'],
  },
  {
    name: 'snapshot: a joined load may be newer than its version',
    file: 'src/core/flight.ts',
    edits: [['if (reading.snapshot !== undefined && snapshot === undefined) return false', '']],
    tests: ['sources/postgres-snapshot'],
  },
  {
    name: 'snapshot: a version function of its own, which others share, reads in it',
    file: 'src/core/checks.ts',
    edits: [
      ['currentSnapshot() === undefined ? this.#run(key, asker) : this.#runApart(key, asker)', 'this.#run(key, asker)'],
    ],
    tests: ['sources/postgres-snapshot'],
  },
  {
    name: 'snapshot: one batch for what it sees and for what is current',
    file: 'src/core/batches.ts',
    edits: [
      [
        'inSnapshot ? this.#batchIn(this.#queueOf(snapshot), snapshot) : ',
        'inSnapshot ? this.#batchIn(this.#current, snapshot) : ',
      ],
    ],
    tests: ['sources/postgres-snapshot'],
  },
  {
    name: 'snapshot: what it reads counts as read when it was asked for',
    file: 'src/core/batches.ts',
    edits: [['= snapshot ?? { order:', '= { order:']],
    tests: ['sources/postgres-snapshot'],
  },
  {
    name: 'snapshot: it ends with its function, though loads go on',
    file: 'src/sources/postgres-snapshot.ts',
    edits: [['this.settled().then(() => this.end())', 'this.end()']],
    tests: ['sources/postgres-snapshot'],
  },
  {
    name: 'snapshot: a query that failed breaks those after it',
    file: 'src/sources/postgres-snapshot.ts',
    edits: [['await this.#connection.run(GO_ON)', '']],
    tests: ['sources/postgres-snapshot'],
  },
  {
    name: 'snapshot: each query sees what is current',
    file: 'src/sources/postgres-snapshot.ts',
    edits: [['isolation level repeatable read, read only', 'isolation level read committed, read only']],
    tests: ['sources/postgres-snapshot'],
  },
  {
    name: 'SQLite: what the connection itself writes goes unseen',
    file: 'src/integrations/sqlite.ts',
    edits: [["|| ' ' || total_changes()", '']],
    tests: ['sources/sqlite'],
  },
  {
    name: 'SQLite: what the connection itself does to the schema goes unseen',
    file: 'src/integrations/sqlite.ts',
    edits: [["|| ' ' || (select schema_version from pragma_schema_version)", '']],
    tests: ['sources/sqlite'],
  },
  {
    name: 'SQLite: what may be rolled back has a version',
    file: 'src/integrations/sqlite.ts',
    edits: [['if (isInTransaction(connection)) throw', 'if (file === undefined) throw']],
    tests: ['sources/sqlite'],
  },
  {
    name: 'SQLite: a file that was replaced goes unseen',
    file: 'src/integrations/sqlite.ts',
    edits: [['if (inodeOf(file) === opened) return', 'if (opened !== version) return']],
    tests: ['sources/sqlite'],
  },
  {
    name: 'SQLite: a connection that was opened again has its old versions back',
    file: 'src/integrations/sqlite.ts',
    edits: [['const version = firstColumn(statement)', 'const version = firstColumn(connection.prepare(VERSION))']],
    tests: ['sources/sqlite'],
  },
  {
    name: 'SQLite: the connection that comes next has the same versions',
    file: 'src/integrations/sqlite.ts',
    edits: [['const epoch = randomUUID()', "const epoch = 'main'"]],
    tests: ['sources/sqlite'],
  },
  {
    name: 'a part of a composite is asked for the key of the call',
    file: 'src/core/version-source.ts',
    edits: [['return part.pick(pick.apply(this, args))', 'return part.pick.apply(this, args)']],
    tests: ['composite'],
  },
  {
    name: 'a glob leaves out directories in which there is a match',
    file: 'src/sources/file-tree.ts',
    edits: [["if (inside !== '' && !own.isDirectory() &&", "if (inside !== '' &&"]],
    tests: ['sources/file'],
  },
  {
    name: 'build: a commit that is gone on from is still found where it was packed',
    file: 'src/sources/git-commit.ts',
    edits: [['if (loose !== undefined)', 'if (loose === undefined)']],
    tests: ['sources/build'],
  },
  {
    name: 'build: its files are told by their content without their names',
    file: 'src/integrations/build.ts',
    edits: [['return [path, found', 'return [found']],
    tests: ['sources/build'],
  },
  {
    name: 'build: what is not set is a build like any other',
    file: 'src/integrations/build.ts',
    edits: [
      ["if (typeof given === 'string' && given !== '')", "if (given === undefined || typeof given === 'string')"],
    ],
    tests: ['sources/build'],
  },
  {
    name: 'HTTP: a young Last-Modified is a version',
    file: 'src/sources/http-resources.ts',
    edits: [['>= YOUNG) return', '>= 0) return']],
    tests: ['sources/http'],
  },
  {
    name: 'HTTP: what is missing again has its old version back',
    file: 'src/sources/http-resources.ts',
    edits: [
      ['if (isMissing(answer)) return once()\n    const', "if (isMissing(answer)) return ['once', '']\n    const"],
    ],
    tests: ['sources/http'],
  },
  {
    name: 'HTTP: a redirect to elsewhere is not seen',
    file: 'src/sources/http-resources.ts',
    edits: [['return answer.redirected ? ', "return answer.url === '' ? "]],
    tests: ['sources/http'],
  },
  {
    name: 'HTTP: a check that is out of time leaves its request running',
    file: 'src/sources/http-resources.ts',
    edits: [['setTimeout(() => request.abort(), timeout)', 'setTimeout(() => undefined, timeout)']],
    tests: ['sources/http'],
  },
  {
    name: 'HTTP: a weak entity tag is taken for the content, where that was to be hashed',
    file: 'src/sources/http-resources.ts',
    edits: [["if (etag !== '' && !isHashed)", "if (etag !== '')"]],
    tests: ['sources/http'],
  },
  {
    name: 'verifyVersions: a write between a hit and its verification is reported',
    file: 'src/core/verifier.ts',
    edits: [['    if (!sameVersion(current.version, version)) return false\n', '']],
    tests: ['verify-versions'],
  },
  {
    name: 'verifyVersions: loaders that hang pile up',
    file: 'src/core/verifier.ts',
    edits: [['      this.#isBusy = true\n', '']],
    tests: ['verify-versions'],
  },
  {
    name: 'verifyVersions: what is known to be wrong is given again',
    file: 'src/core/verifier.ts',
    edits: [['    this.#cache.drop(key)\n', '']],
    tests: ['verify-versions'],
  },
  {
    name: 'verifyVersions: a verification is in the session of the call',
    file: 'src/core/verifier.ts',
    edits: [['detached(() => runInSession(() => this.#verify(hit)))', 'this.#verify(hit)']],
    tests: ['verify-versions'],
  },
  {
    name: 'verifyVersions: a version that was pinned long ago has come back',
    file: 'src/core/version-history.ts',
    edits: [['order > seen.order', 'order > 0']],
    tests: ['verify-versions'],
  },
  {
    name: 'verifyVersions: the versions of several sources are watched as one',
    file: 'src/core/versions.ts',
    edits: [
      [
        'return new SharedVersions(sources, read, settings)',
        `const shared = new SharedVersions(sources, sources, settings)
  return isWatched ? watched(shared, new VersionHistory(name, counters)) : shared`,
      ],
    ],
    tests: ['verify-versions'],
  },
  {
    name: 'history: the version of a table is its highest counter',
    file: 'src/integrations/postgres.ts',
    edits: [["string_agg(s.shard || ':' || s.counter, ',' order by s.shard)", 'max(s.counter)::text']],
    tests: ['sources/postgres-history'],
  },
  {
    name: 'history: a batch of versions answers who asked after it had begun',
    file: 'src/core/batches.ts',
    edits: [
      ['      queue.gathering = undefined\n', ''],
      ['queue.running = undefined\n', 'queue.running = undefined; queue.gathering = undefined\n'],
    ],
    tests: ['sources/postgres-history'],
  },
  {
    name: 'nested: a writer meets again what it was looking at when it wrote, of a load that it had joined',
    file: 'src/core/joining.ts',
    edits: [['  pin.origin = origin // for a writer who comes in between\n', '']],
    tests: ['nested-found'],
  },
  {
    name: 'nested: a load that was joined is taken as it is',
    file: 'src/core/joining.ts',
    edits: [['return origin?.stamps === undefined ||', 'return true || origin?.stamps === undefined ||']],
    tests: ['nested-joined', 'graphs'],
  },
  {
    name: 'nested: what a joined load was made of is not handed on',
    file: 'src/core/load.ts',
    edits: [
      [
        '? this.#take(call, joined, output) :',
        '? this.#take(call, { ...joined, origin: { ...joined.origin, stamps: undefined } } as never, output) :',
      ],
    ],
    tests: ['nested-joined', 'nested', 'graphs'],
  },
  {
    name: 'nested: what a hit was made of is not handed on',
    file: 'src/core/store.ts',
    edits: [['      stamps: making?.stamps,\n', '      stamps: undefined,\n']],
    tests: ['nested', 'graphs'],
  },
  {
    name: 'nested: all that an output was made of is asked for at once',
    file: 'src/core/judgement.ts',
    edits: [['this.#acceptsFrom(0, stamps)', 'this.#acceptsFrom(0, [stamps.flat()])']],
    tests: ['nested-judged', 'nested'],
  },
  {
    name: 'nested: what was read last is asked for first',
    file: 'src/core/judgement.ts',
    edits: [['this.#acceptsFrom(0, stamps)', 'this.#acceptsFrom(0, [...stamps].reverse())']],
    tests: ['nested-judged', 'nested'],
  },
  {
    name: 'nested: what is compared by its output is looked at by its version',
    file: 'src/core/call-stamp.ts',
    edits: [['this.#origin.identity === 0 ?', 'this.#origin.identity >= 0 ?']],
    tests: ['nested-cut-off', 'graphs'],
  },
  {
    name: 'nested: an output that comes back has its old identity',
    file: 'src/core/store.ts',
    edits: [
      ['return newIdentity()', 'return this.again(equals, output)'],
      [
        '  /** @param replaces whether',
        `  olds: [output: unknown, identity: number][] = []

  again(equals: (kept: unknown, loaded: unknown) => unknown, output: unknown): number {
    const known = this.olds.find(([old]) => isSame(equals, old, output)) ?? [output, newIdentity()]
    this.olds.push(known)
    return known[1]
  }

  /** @param replaces whether`,
      ],
    ],
    tests: ['nested-cut-off'],
  },
  {
    name: 'nested: what a load reads goes to the load that began last',
    file: 'src/core/context.ts',
    edits: [
      ['return ambient.getStore()?.work?.load', 'return ambient.getStore()?.work?.load && latest'],
      [
        'export function enter<R>(context: Context, fn: () => R): R {',
        'let latest: Load | undefined\n\nexport function enter<R>(context: Context, fn: () => R): R {\n  latest = context.work?.load ?? latest',
      ],
    ],
    tests: ['nested-judged', 'graphs'],
  },
  {
    name: 'nested: the TTL of a part is not that of the whole',
    file: 'src/core/call-stamp.ts',
    edits: [['if (!(now >= readAt && now < expiresAt)) return false', '']],
    tests: ['nested-lifetimes', 'graphs'],
  },
  {
    name: 'nested: what was made of an invalidated part stays good',
    file: 'src/core/call-stamp.ts',
    edits: [['if (inner.store.generations.of(this.key) !== generation) return false', '']],
    tests: ['nested-lifetimes', 'graphs'],
  },
  {
    name: 'nested: what is read after the end of a load is recorded all the same',
    file: 'src/core/reads.ts',
    edits: [
      ['const waves = this.#waves.filter((wave) => wave.length > 0)', 'const waves = this.#waves'],
      ['    this.isOpen = false\n    this.#waves = []\n', '    this.isOpen = false\n'],
      ['    if (!this.isOpen) return\n', ''],
      ['if (reads === undefined || reads.isOpen) return reads', 'if (reads) return reads'],
    ],
    tests: ['tracking'],
  },
  {
    name: 'nested: what came first stands first',
    file: 'src/core/reads.ts',
    edits: [['wave.toSorted((a, b) => a.place - b.place).map', 'wave.map']],
    tests: ['dependency'],
  },
  {
    name: 'nested: a part that failed is not recorded',
    file: 'src/core/nested.ts',
    edits: [
      [
        '    own?.letGo()\n    note()',
        `    own?.letGo()
    const stamp = { owner: undefined, key: '', ttl: undefined, isSame: () => false, matches: () => true }
    if (pin.origin === undefined) note()
    else reads.end(turn, stamp as never, { ...pin.origin, stamps: undefined })`,
      ],
    ],
    tests: ['nested', 'graphs'],
  },
  {
    name: 'nested: what is not known to be all is kept',
    file: 'src/core/landing.ts',
    edits: [['flight.work?.tainted || !flight.reads.isWhole', 'flight.work?.tainted']],
    tests: ['nested', 'graphs'],
  },
  {
    name: 'nested: a load is as new as its own version, whatever it has read',
    file: 'src/core/flight.ts',
    edits: [['Math.min(this.reading.order, this.reads.order)', 'this.reading.order']],
    tests: ['nested-judged'],
  },
  {
    name: 'nested: a refresh that was overtaken counts as the newest',
    file: 'src/core/landing.ts',
    edits: [
      [
        '    flight.trace(stamps, lifetime, identity)\n',
        '    if (flight.isRefresh) flight.generation = this.#store.generations.of(key)\n    flight.trace(stamps, lifetime, identity)\n',
      ],
    ],
    tests: ['nested-found'],
  },
  {
    name: 'nested: a refresh outdates nothing',
    file: 'src/core/landing.ts',
    edits: [['      if (flight.isRefresh) flight.generation = this.#store.generations.outdate(key)\n', '']],
    tests: ['nested-found'],
  },
  {
    name: 'nested: without a session, a load asks again for the version of its call',
    file: 'src/core/answers.ts',
    edits: [['    if (this.#areShared) call.pins ??= new Pins()\n', '']],
    tests: ['nested-found'],
  },
  {
    name: 'nested: a writer meets again what was under way when it wrote',
    file: 'src/core/forget.ts',
    edits: [['lists.flatMap((parts) => [...parts])', '[]']],
    tests: ['nested-found', 'graphs'],
  },
  {
    name: 'nested: what a part shares with others is not noted',
    file: 'src/core/stamps-of-call.ts',
    edits: [['return [...(stamps ?? []), new CallStamp', 'return [new CallStamp']],
    tests: ['graphs'],
  },
  {
    name: 'nested: a writer meets again what nobody knows what it was made of',
    file: 'src/core/forget.ts',
    edits: [['isOfUnknown(pin) || ', '']],
    tests: ['nested-found'],
  },
  {
    name: 'nested: a part is noted by what the session sees later',
    file: 'src/core/stamps-of-call.ts',
    edits: [['seen.version) ? stamps : undefined', 'seen.version) ? stamps : stamps']],
    tests: ['nested-sessions'],
  },
  {
    name: 'nested: one state is not asked of a session that is kept elsewhere',
    file: 'src/core/session.ts',
    edits: [['  if (context?.sessionPins?.isOfOneState) return context.sessionPins\n', '']],
    tests: ['nested-sessions'],
  },
  {
    name: 'nested: a session of one state is renewed',
    file: 'src/core/session.ts',
    edits: [['if (!this.#pins.isOfOneState) this.#pins.clear()', 'this.#pins.clear()']],
    tests: ['nested-sessions'],
  },
  {
    name: 'nested: a second look may be stale',
    file: 'src/core/read-consistently.ts',
    edits: [['detached(() => runInStrictSession(again, readAll))', 'detached(readAll)']],
    tests: ['nested-sessions'],
  },
  {
    name: 'nested: a second look goes by arguments as they have become',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['    if (this.#keyOf(call.self, call.args) !== key) return undefined\n', '']],
    tests: ['nested-sessions'],
  },
  {
    name: 'nested: what was looked at is told by its key alone',
    file: 'src/core/store.ts',
    edits: [['return slot !== NO_SLOT && this.stamps(slot) === stamps ? slot : NO_SLOT', 'return slot']],
    tests: ['nested-sessions'],
  },
  {
    name: 'nested: a session that is kept elsewhere is given something stale',
    file: 'src/core/joining.ts',
    edits: [['(pins.onlyCurrent || refusesStale())', 'refusesStale()']],
    tests: ['nested-sessions'],
  },
  {
    name: 'nested: a session that has begun in a load never ends',
    file: 'src/core/work.ts',
    edits: [['(outer === undefined || outer.load !== load || outer.isUnderWay)', 'true']],
    tests: ['nested-sessions'],
  },
  {
    name: 'nested: a load of too much fails for others too',
    file: 'src/core/joining.ts',
    edits: [['!flight.reads.areTooMany && matches', 'matches']],
    tests: ['nested-sessions'],
  },
  {
    name: 'nested: every function is a method',
    file: 'src/core/call-stamp.ts',
    edits: [
      [
        'if (inner === undefined || (inner.isOfInstance && self === undefined)) return false',
        'if (inner === undefined || self === undefined) return false',
      ],
    ],
    tests: ['nested-sessions'],
  },
  {
    name: 'nested: one more key than are told apart outdates all',
    file: 'src/core/counts.ts',
    edits: [['this.bumpAll()', 'this.#floor = ++this.#last']],
    tests: ['nested-sessions'],
  },
  {
    name: 'tier: who gets the lease late does not look once more',
    file: 'src/core/shared-outputs.ts',
    edits: [
      [
        'return pause > FIRST_LOOK && flight.lease !== undefined ? this.#lookOnceMore(sought) : undefined',
        'return undefined',
      ],
    ],
    tests: ['tier/leases'],
  },
  {
    name: 'tier: a lease that comes too late is kept',
    file: 'src/core/shared-outputs.ts',
    edits: [["      if (typeof lease !== 'string') lease.release().catch(() => undefined)\n", '']],
    tests: ['tier/leases'],
  },
  {
    name: 'tier: nobody waits for the load of another process',
    file: 'src/core/shared-outputs.ts',
    edits: [['while (await this.#isHeld(sought))', 'while ((await this.#isHeld(sought)) && false)']],
    tests: ['tier/leases'],
  },
  {
    name: 'tier: a call waits for another process for ever',
    file: 'src/core/shared-outputs.ts',
    edits: [[' || performance.now() >= givenUpAt', '']],
    tests: ['tier/leases'],
  },
  {
    name: 'tier: a refresh takes what the tier has',
    file: 'src/core/shared-outputs.ts',
    edits: [['if (!sought.flight.isRefresh) {', '{']],
    tests: ['tier/tier'],
  },
  {
    name: 'tier: a refresh leaves what the tier has, where another process has the lease',
    file: 'src/core/shared-outputs.ts',
    edits: [['    if (flight.lease === undefined && flight.isRefresh) this.remove(key)\n', '']],
    tests: ['tier/lifetimes'],
  },
  {
    name: 'tier: a failed read is followed by a lease',
    file: 'src/core/shared-outputs.ts',
    edits: [
      [
        '      if (found === NO_ANSWER) return undefined\n      if (found !== undefined) return found\n      this.stats',
        '      if (found !== undefined && found !== NO_ANSWER) return found\n      this.stats',
      ],
    ],
    tests: ['tier/guard'],
  },
  {
    name: 'tier: the output is written when others have had it',
    file: 'src/core/shared-outputs.ts',
    edits: [
      [
        '      const entry = describe()\n',
        '      await new Promise((resolve) => setImmediate(resolve))\n      const entry = describe()\n',
      ],
    ],
    tests: ['tier/tier'],
  },
  {
    name: 'tier: the lifetime counts from when the load ended',
    file: 'src/core/shared-outputs.ts',
    edits: [['const left = lifetime - (this.#settings.clock() - reading.readAt)', 'const left = lifetime']],
    tests: ['tier/lifetimes'],
  },
  {
    name: 'tier: the age counts from when the load ended',
    file: 'src/core/shared-outputs.ts',
    edits: [['readAt: wallTime(reading.readAt, this.#settings.clock),', 'readAt: Date.now(),']],
    tests: ['tier/lifetimes'],
  },
  {
    name: 'tier: outputs that cannot be shared are told of each time',
    file: 'src/core/shared-outputs.ts',
    edits: [['    this.#hasToldOfUnshared = true\n', '']],
    tests: ['tier/nested'],
  },
  {
    name: 'tier: a load that fails keeps its lease',
    file: 'src/core/landing.ts',
    edits: [['    this.#shared?.giveUp(flight)\n    throw error', '    throw error']],
    tests: ['tier/tier'],
  },
  {
    name: 'tier: an output that cannot be dealt with keeps its lease',
    file: 'src/core/landing.ts',
    edits: [['this.#shared?.giveUp(flight) // what', '// what']],
    tests: ['tier/tier'],
  },
  {
    name: 'tier: an overtaken output is written',
    file: 'src/core/landing.ts',
    edits: [
      [
        '      this.#counters.overtaken++\n',
        '      this.#counters.overtaken++\n      this.#shared?.offer(flight, output, stamps, lifetime)\n',
      ],
    ],
    tests: ['tier/lifetimes'],
  },
  {
    name: 'tier: an output that is not kept is written',
    file: 'src/core/landing.ts',
    edits: [
      [
        '      this.#counters.unkept++\n      this.#tellOfTooMany',
        '      this.#counters.unkept++\n      this.#shared?.offer(flight, output, stamps, lifetime)\n      this.#tellOfTooMany',
      ],
    ],
    tests: ['tier/nested'],
  },
  {
    name: 'tier: never left alone',
    file: 'src/core/tier-guard.ts',
    edits: [['const MAX_FAILURES = 3', 'const MAX_FAILURES = 1e9']],
    tests: ['tier/guard'],
  },
  {
    name: 'tier: left alone after one failure',
    file: 'src/core/tier-guard.ts',
    edits: [['const MAX_FAILURES = 3', 'const MAX_FAILURES = 1']],
    tests: ['tier/guard'],
  },
  {
    name: 'tier: tried by all who come',
    file: 'src/core/tier-guard.ts',
    edits: [['return !this.#isProbed && performance', 'return performance']],
    tests: ['tier/guard'],
  },
  {
    name: 'tier: left alone for ever',
    file: 'src/core/tier-guard.ts',
    edits: [[' && performance.now() >= this.#leftAloneUntil', ' && false']],
    tests: ['tier/guard'],
  },
  {
    name: 'tier: left alone for a second each time',
    file: 'src/core/tier-guard.ts',
    edits: [['if (isProbe) this.#pause = Math.min(2 * this.#pause, LAST_PAUSE)', '']],
    tests: ['tier/guard'],
  },
  {
    name: 'tier: left alone for longer and longer',
    file: 'src/core/tier-guard.ts',
    edits: [['Math.min(2 * this.#pause, LAST_PAUSE)', '2 * this.#pause']],
    tests: ['tier/guard'],
  },
  {
    name: 'tier: what was down once is left alone for as long the next time',
    file: 'src/core/tier-guard.ts',
    edits: [['    this.#pause = FIRST_PAUSE\n', '']],
    tests: ['tier/guard'],
  },
  {
    name: 'tier: a probe is never over',
    file: 'src/core/tier-guard.ts',
    edits: [['      if (isProbe) this.#isProbed = false\n', '']],
    tests: ['tier/guard'],
  },
  {
    name: 'tier: each operation has the whole time',
    file: 'src/core/tier-guard.ts',
    edits: [['budget.left = left - (performance.now() - started)', 'budget.left = left']],
    tests: ['tier/guard'],
  },
  {
    name: 'tier: an answer that a busy process has not heard counts as none',
    file: 'src/core/tier-guard.ts',
    edits: [['left), setImmediate)', 'left))']],
    tests: ['tier/guard'],
  },
  {
    name: 'tier: an entry of another version is taken',
    file: 'src/core/tier-entries.ts',
    edits: [['    if (!sameVersion(entry.version, reading.version)) return undefined\n', '']],
    tests: ['tier/tier'],
  },
  {
    name: 'tier: what was made of others is not looked at',
    file: 'src/core/tier-entries.ts',
    edits: [[' || !(await judgement.accepts(stamps))', '']],
    tests: ['tier/nested'],
  },
  {
    name: 'tier: an output is not known to be made of others',
    file: 'src/core/tier-entries.ts',
    edits: [['    flight.adopt(stamps)\n', '']],
    tests: ['tier/nested'],
  },
  {
    name: 'tier: what an entry was made of stays with the load that comes after it',
    file: 'src/core/tier-entries.ts',
    edits: [['    flight.adopt([]) // what', '    // what']],
    tests: ['tier/nested'],
  },
  {
    name: 'tier: what is older than an invalidate is taken',
    file: 'src/core/tier-entries.ts',
    edits: [['    if (this.#store.generations.isAfter(entry.readAt, key, maxClockSkew)) return undefined\n', '']],
    tests: ['tier/lifetimes'],
  },
  {
    name: 'tier: the TTL is not looked at',
    file: 'src/core/tier-entries.ts',
    edits: [
      [" || (typeof ttl === 'number' && age >= ttl)", ''],
      ["if (!(clock() - readAt < (typeof ttl === 'function' ? ttl(output) : ttl))) return undefined", ''],
    ],
    tests: ['tier/lifetimes'],
  },
  {
    name: 'tier: the TTL of what was found begins anew',
    file: 'src/core/tier-entries.ts',
    edits: [['const readAt = clock() - age', 'const readAt = clock()']],
    tests: ['tier/lifetimes'],
  },
  {
    name: 'tier: more than maxStamps is taken',
    file: 'src/core/tier-entries.ts',
    edits: [['stamps.flat().length > maxStamps || ', '']],
    tests: ['tier/nested'],
  },
  {
    name: 'tier: the skew of clocks is not allowed for',
    file: 'src/core/wall-clock.ts',
    edits: [['age + PART + maxClockSkew : undefined', 'Math.max(age, 0) + PART : undefined']],
    tests: ['tier/lifetimes'],
  },
  {
    name: 'tier: what is yet to come is taken',
    file: 'src/core/wall-clock.ts',
    edits: [['age >= -maxClockSkew ?', 'age >= -1e12 ?']],
    tests: ['tier/lifetimes'],
  },
  {
    name: 'tier: what was read at the time of an invalidate is taken, whatever the clocks',
    file: 'src/core/generations.ts',
    edits: [['time - maxClockSkew <= generation', 'time <= generation']],
    tests: ['tier/lifetimes'],
  },
  {
    name: 'tier: a part that was invalidated is taken',
    file: 'src/core/revived-stamps.ts',
    edits: [[' || inner.store.generations.isAfter(readAt, key, maxClockSkew)', '']],
    tests: ['tier/nested'],
  },
  {
    name: 'tier: a part of other code is taken',
    file: 'src/core/revived-stamps.ts',
    edits: [['codeVersion !== carried.codeVersion || ', '']],
    tests: ['tier/nested'],
  },
  {
    name: 'tier: a part that had a version is taken for one without',
    file: 'src/core/revived-stamps.ts',
    edits: [[' || hasVersion !== (version !== undefined)', '']],
    tests: ['tier/nested'],
  },
  {
    name: 'tier: a part is asked for by arguments of another key',
    file: 'src/core/revived-stamps.ts',
    edits: [['  if (keyOfCall(keyFunction, inner.name, undefined, call.args) !== key) return undefined\n', '']],
    tests: ['tier/nested'],
  },
  {
    name: 'tier: a part that is unknown is not missed',
    file: 'src/core/revived-stamps.ts',
    edits: [['    if (stamps.length < wave.length) return undefined\n', '']],
    tests: ['tier/nested'],
  },
  {
    name: 'tier: the TTL of a part is not carried',
    file: 'src/core/call-stamp.ts',
    edits: [['expiresAt: wallTime(expiresAt, clock),', 'expiresAt: Infinity,']],
    tests: ['tier/nested'],
  },
  {
    name: 'tier: a part that is found without end counts as read when it was carried',
    file: 'src/core/call-stamp.ts',
    edits: [
      ['clock === timelessClock ? Number.NEGATIVE_INFINITY : wallTime(readAt, clock)', 'wallTime(readAt, clock)'],
    ],
    tests: ['tier/nested'],
  },
  {
    name: 'tier: a method is carried as if it were one of all instances',
    file: 'src/core/call-stamp.ts',
    edits: [['inner === undefined || inner.isOfInstance) throw refuse(', 'inner === undefined) throw refuse(']],
    tests: ['tier/nested'],
  },
  {
    name: 'tier: outputs that are compared are carried',
    file: 'src/core/call-stamp.ts',
    edits: [
      [
        '    if (this.#origin.identity !== 0) throw refuse(\'which has "equals": only here it is known which outputs are equal\')\n',
        '',
      ],
    ],
    tests: ['tier/nested'],
  },
  {
    name: 'tier: arguments that have changed are carried',
    file: 'src/core/call-stamp.ts',
    edits: [
      [
        "    if (this.#isChanged(inner, { self: undefined, args: this.#args })) throw refuse('whose arguments have changed')\n",
        '',
      ],
    ],
    tests: ['tier/nested'],
  },
  {
    name: 'tier: one of several of a name is meant',
    file: 'src/core/names.ts',
    edits: [['return all.length === 1 ? all[0] : undefined', 'return all[0]']],
    tests: ['tier/nested'],
  },
  {
    name: 'tier: two functions have one name',
    file: 'src/core/names.ts',
    edits: [['if (namesInTiers.has(name)) {', 'if (false) {']],
    tests: ['tier/names'],
  },
  {
    name: 'tier: the digest is not looked at',
    file: 'src/tiers/entry-text.ts',
    edits: [['wanted.length === given.length && timingSafeEqual(wanted, given)', 'wanted.length > 0']],
    tests: ['tier/entry-text'],
  },
  {
    name: 'tier: the secret does not matter',
    file: 'src/tiers/entry-text.ts',
    edits: [["secret === undefined ? createHash('sha256') : createHmac('sha256', secret)", "createHash('sha256')"]],
    tests: ['tier/entry-text'],
  },
  {
    name: 'tier: an entry of another call is taken',
    file: 'src/tiers/entry-text.ts',
    edits: [
      ["    if (!isSameAddress(own, address)) throw new RefusedEntryError('it is the entry of another call')\n", ''],
    ],
    tests: ['tier/entry-text'],
  },
  {
    name: 'tier: an output is inflated without end',
    file: 'src/tiers/entry-text.ts',
    edits: [
      [
        'inflated(bytesOf(body), { maxOutputLength: maxEntrySize })',
        'inflated(bytesOf(body), { maxOutputLength: 1e9 })',
      ],
    ],
    tests: ['tier/entry-text'],
  },
  {
    name: 'tier: too large an entry is written',
    file: 'src/tiers/entry-text.ts',
    edits: [['    this.#requireFit(Buffer.byteLength(text))\n', '']],
    tests: ['tier/entry-text'],
  },
  {
    name: 'tier: the size is counted in characters',
    file: 'src/tiers/entry-text.ts',
    edits: [['    this.#requireFit(Buffer.byteLength(text))\n', '    this.#requireFit(text.length)\n']],
    tests: ['tier/entry-text'],
  },
  {
    name: 'tier: instances of classes are carried',
    file: 'src/tiers/faithful.ts',
    edits: [['else throw this.#refuse(', 'else void (']],
    tests: ['tier/codec'],
  },
  {
    name: 'tier: subclasses are carried as what they extend',
    file: 'src/tiers/faithful.ts',
    edits: [['prototype === kind.prototype && ', '']],
    tests: ['tier/codec'],
  },
  {
    name: 'tier: hidden properties get lost',
    file: 'src/tiers/faithful.ts',
    edits: [['if (Reflect.ownKeys(object).length > names.length) {', 'if (false) {']],
    tests: ['tier/codec'],
  },
  {
    name: 'tier: an empty Buffer becomes something else',
    file: 'src/tiers/codec.ts',
    edits: [
      ['Buffer.isBuffer(item) && [base64Of(item)]', 'Buffer.isBuffer(item) && item.length > 0 && [base64Of(item)]'],
    ],
    tests: ['tier/codec'],
  },
  {
    name: 'tier: outputs of different code share a place',
    file: 'src/tiers/stored-tier.ts',
    edits: [['digest([name, codeVersion ?? null, ', 'digest([name, null, ']],
    tests: ['tier/tier'],
  },
  {
    name: 'tier: all versions share a lease',
    file: 'src/tiers/stored-tier.ts',
    edits: [['digest(writeParts(version)), lease', "'lease', lease"]],
    tests: ['tier/leases'],
  },
  {
    name: 'tier: undefined and null are one version',
    file: 'src/tiers/entry-header.ts',
    edits: [["  if (part === undefined) return { undefined: '' }\n", '  if (part === undefined) return null\n']],
    tests: ['tier/entry-text'],
  },
  {
    name: 'tier: who refreshes does not get the lease of what was loading',
    file: 'src/core/load.ts',
    edits: [['    for (const flight of this.#flights.of(key)) this.#shared?.release(flight)\n', '']],
    tests: ['tier/leases'],
  },
  {
    name: 'tier: who has cleared all waits for what was loading',
    file: 'src/core/load.ts',
    edits: [['    for (const flight of this.#flights.all) this.#shared?.release(flight)\n', '']],
    tests: ['tier/leases'],
  },
  {
    name: 'tier: what was invalidated before it got its lease is waited for',
    file: 'src/core/shared-outputs.ts',
    edits: [['    if (!flight.lands) this.release(flight) // it was', '    // it was']],
    tests: ['tier/leases'],
  },
  {
    name: 'tier: a call waits for a load of its own process',
    file: 'src/core/shared-outputs.ts',
    edits: [['return running.every(({ lease }) => lease === undefined)', 'return true']],
    tests: ['tier/leases'],
  },
  {
    name: 'tier: those who waited for a load that failed wait for each other',
    file: 'src/core/shared-outputs.ts',
    edits: [['lease.abandon(IN_VAIN)', 'lease.release()']],
    tests: ['tier/leases'],
  },
  {
    name: 'tier: those who waited for what cannot be carried wait for each other',
    file: 'src/core/shared-outputs.ts',
    edits: [['lease.abandon(UNSHARED)', 'lease.release()']],
    tests: ['tier/leases'],
  },
  {
    name: 'tier: what was loaded outside of a snapshot is taken in one',
    file: 'src/core/tier-entries.ts',
    edits: [['    if (reading.snapshot !== undefined && !entry.exact) return undefined\n', '']],
    tests: ['tier/snapshots'],
  },
  {
    name: 'tier: what was loaded in a snapshot is not known as such',
    file: 'src/core/shared-outputs.ts',
    edits: [['exact: reading.snapshot !== undefined,', 'exact: false,']],
    tests: ['tier/snapshots'],
  },
  {
    name: 'tier: in a snapshot, a call waits for what another process loads',
    file: 'src/core/shared-outputs.ts',
    edits: [['reading.snapshot !== undefined || ', '']],
    tests: ['tier/snapshots'],
  },
  {
    name: 'tier: a part that was loaded outside of a snapshot is taken in one',
    file: 'src/core/revived-stamps.ts',
    edits: [
      [
        '  return source && new SourceStamp(source, sourceKey(value, source.name), value, version, exact)',
        '  return source && new SourceStamp(source, sourceKey(value, source.name), value, version, true)',
      ],
    ],
    tests: ['tier/snapshots'],
  },
  {
    name: 'tier: a method is shared by all instances, whatever they are',
    file: 'src/core/decorator.ts',
    edits: [
      [
        '  if (key === undefined) {\n    throw new InvalidOptionError(',
        '  if (false) {\n    throw new InvalidOptionError(',
      ],
    ],
    tests: ['tier/names'],
  },
  {
    name: 'tier in Redis: who has no lease any more writes',
    file: 'src/tiers/redis-store.ts',
    edits: [
      [
        `if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
`,
        '',
      ],
    ],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: a write keeps the lease',
    file: 'src/tiers/redis-store.ts',
    edits: [
      [
        `redis.call('DEL', KEYS[2])
`,
        '',
      ],
    ],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: who began before a removal writes',
    file: 'src/tiers/redis-store.ts',
    edits: [
      [
        `if (redis.call('GET', KEYS[3]) or '') ~= ARGV[2] then return 0 end
`,
        '',
      ],
    ],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: one removal counts, and the next one does not',
    file: 'src/tiers/redis-store.ts',
    edits: [['[randomUUID()])', `['removed'])`]],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: what was removed is still there',
    file: 'src/tiers/redis-store.ts',
    edits: [
      [
        `redis.call('DEL', KEYS[1])
redis.call('SET'`,
        `redis.call('SET'`,
      ],
    ],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: that something was removed is known for ever',
    file: 'src/tiers/redis-store.ts',
    edits: [[`, 'PX', \${REMOVED_LIFE})`, ')']],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: a lease is given to all who ask',
    file: 'src/tiers/redis-store.ts',
    edits: [
      [
        `if held and string.sub(held, 1, #removed + 1) == removed .. ' ' then return 0 end
`,
        '',
      ],
    ],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: a lease of before a removal keeps others waiting',
    file: 'src/tiers/redis-store.ts',
    edits: [[`string.sub(held, 1, #removed + 1) == removed .. ' '`, 'true']],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: a lease that was abandoned before a removal is not given',
    file: 'src/tiers/redis-store.ts',
    edits: [
      [`if held == removed .. ' \${ABANDONED}' then`, `if string.find(held or '', ' \${ABANDONED}', 1, true) then`],
    ],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: a lease lasts for seconds',
    file: 'src/tiers/redis-store.ts',
    edits: [
      [
        `ARGV[1], 'PX', ARGV[2])
return removed`,
        `ARGV[1], 'EX', ARGV[2])
return removed`,
      ],
    ],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: the lease of another one is renewed',
    file: 'src/tiers/redis-store.ts',
    edits: [
      [
        `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE'`,
        `return redis.call('PEXPIRE'`,
      ],
    ],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: a lease that is renewed lasts no longer',
    file: 'src/tiers/redis-store.ts',
    edits: [[`return redis.call('PEXPIRE', KEYS[1], ARGV[2])`, 'return 1']],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: the lease of another one is given back',
    file: 'src/tiers/redis-store.ts',
    edits: [
      [`if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`, `redis.call('DEL', KEYS[1])`],
    ],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: the lease of another one is abandoned',
    file: 'src/tiers/redis-store.ts',
    edits: [
      [
        `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end`,
        `redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])`,
      ],
    ],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: what is too large is read',
    file: 'src/tiers/redis-store.ts',
    edits: [
      [
        `if length > tonumber(ARGV[1]) then return length end
`,
        '',
      ],
    ],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: what is as large as may be is not read',
    file: 'src/tiers/redis-store.ts',
    edits: [['if length > tonumber', 'if length >= tonumber']],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: an entry lives for seconds',
    file: 'src/tiers/redis-store.ts',
    edits: [[`ARGV[3], 'PX', ARGV[4])`, `ARGV[3], 'EX', ARGV[4])`]],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: an entry has to live for whole milliseconds',
    file: 'src/tiers/redis-store.ts',
    edits: [['String(Math.ceil(lifetime))', 'String(lifetime)']],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: what is to stay goes after an hour',
    file: 'src/tiers/redis-store.ts',
    edits: [[`lifetime === Number.POSITIVE_INFINITY ? ''`, `lifetime === Number.POSITIVE_INFINITY ? '3600000'`]],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: scripts that the server has forgotten are not sent again',
    file: 'src/tiers/redis-store.ts',
    edits: [['if (!/^NOSCRIPT/.test(messageOf(error))) throw error', 'throw error']],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: what is no text counts as a failure',
    file: 'src/tiers/redis-store.ts',
    edits: [['if (!/WRONGTYPE/.test(messageOf(error))) throw error', 'throw error']],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: a lease is in another slot than its entry',
    file: 'src/tiers/redis-store.ts',
    edits: [['own: `', 'own: `{a}']],
    tests: ['tier/stores'],
  },
  {
    name: 'tier in Redis: nothing says which part of a key makes the slot',
    file: 'src/tiers/stored-tier.ts',
    edits: [['writeParts(key)])}}`', 'writeParts(key)])}`']],
    tests: ['tier/redis-cluster'],
  },
  {
    name: 'tier in Redis: a client that knows no EVALSHA is taken',
    file: 'src/tiers/redis-client.ts',
    edits: [[`if (typeof (isIoredis(client) ? evalsha : evalSha) === 'function') return scripts`, 'return scripts']],
    tests: ['tier/misuse'],
  },
  {
    name: 'tier by Keyv: the size is counted in characters',
    file: 'src/tiers/keyv-store.ts',
    edits: [['Buffer.byteLength(found) <= maxBytes', 'found.length <= maxBytes']],
    tests: ['tier/stores'],
  },
  {
    name: 'tier by Keyv: what is to stay goes with the TTL of the Keyv',
    file: 'src/tiers/keyv-store.ts',
    edits: [
      ['lifetime === Number.POSITIVE_INFINITY ? 0 :', 'lifetime === Number.POSITIVE_INFINITY ? (undefined as never) :'],
    ],
    tests: ['tier/stores'],
  },
  {
    name: 'tier by Keyv: what is no JSON counts as a failure',
    file: 'src/tiers/keyv-store.ts',
    edits: [['if (!(error instanceof SyntaxError)) throw error', 'throw error']],
    tests: ['tier/stores'],
  },
  {
    name: 'tier by Keyv: what is no string is taken',
    file: 'src/tiers/keyv-store.ts',
    edits: [[`if (typeof found !== 'string') throw`, `if (typeof found === 'function') throw`]],
    tests: ['tier/stores'],
  },
  {
    name: 'tier: a lease may last for longer than a timer can wait',
    file: 'src/tiers/tier-options.ts',
    edits: [['isPositiveInteger(value) && isTimeout(value)', 'isPositiveInteger(value)']],
    tests: ['tier/misuse'],
  },
  {
    name: 'tier: an output that is yet to come is taken',
    file: 'src/tiers/entry-text.ts',
    edits: [['if (!isThenable(output)) return output', 'return output']],
    tests: ['tier/misuse'],
  },
  {
    name: 'tier: what a codec has promised may fail unheard',
    file: 'src/tiers/entry-text.ts',
    edits: [['Promise.resolve(given).catch(() => undefined)', '']],
    tests: ['tier/misuse'],
  },
  {
    name: 'tier: arguments that are written as bytes are read as text',
    file: 'src/tiers/entry-text.ts',
    edits: [['{ base64: bodyText(text) }', 'bodyText(text)']],
    tests: ['tier/entry-text'],
  },
  {
    name: 'tier: a call fails by what an entry makes the functions of the user do',
    file: 'src/core/tier-entries.ts',
    edits: [
      [
        '    } catch (error) {\n      this.#stats.refused++',
        '    } catch (error) {\n      if (!(error instanceof RefusedEntryError)) throw error\n      this.#stats.refused++',
      ],
    ],
    tests: ['tier/misuse'],
  },
  {
    name: 'tier: text with half a character is written',
    file: 'src/tiers/entry-text.ts',
    edits: [['return requireWhole(text)', 'return text']],
    tests: ['tier/entry-text'],
  },
  {
    name: 'tier: a view lets out the memory beside it',
    file: 'src/tiers/codec.ts',
    edits: [['ArrayBuffer.isView(item) && item.byteLength < item.buffer.byteLength', 'false']],
    tests: ['tier/codec'],
  },
  {
    name: 'tier: entries make instances of what only others write',
    file: 'src/tiers/codec.ts',
    edits: [['  ...Object.fromEntries(NOT_REVIVED', '  ...Object.fromEntries([].concat(NOT_REVIVED).slice(99)']],
    tests: ['tier/codec'],
  },
  {
    name: 'tier: what was invalidated meanwhile waits for what others load',
    file: 'src/core/shared-outputs.ts',
    edits: [[' || !running.includes(flight)', '']],
    tests: ['tier/leases'],
  },
  {
    name: 'tier: what has had a part of the time only counts as down',
    file: 'src/core/tier-guard.ts',
    edits: [['if (!isShort) this', 'this']],
    tests: ['tier/guard'],
  },
]
