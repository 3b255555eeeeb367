/**
 * Small edits of the source, each of which breaks one promise: a test has to notice every one of them. An edit is
 * a pair of texts, of which the first stands exactly once in the file.
 *
 * @type {{ name: string, file: string, edits: [from: string, to: string][] }[]}
 */
export const mutants = [
  {
    name: 'stamp after load: the version is read when the load has begun',
    file: 'src/core/versioned-lru-cache.ts',
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
    edits: [['?.find((flight) => sameStamps(flight.reading.stamps, reading.stamps))', '?.[0]']],
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
        'running.next ??= running.ended.then(() => this.#run(key, read))\n    return running.next',
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
  },
  {
    name: 'the time limit keeps the process alive',
    file: 'src/core/version.ts',
    edits: [['timer.unref()', '']],
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
  },
  {
    name: 'one version for all arguments, as in Python',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [
      ['const pinned = readings.get(this.#source, call.key)', "const pinned = readings.get(this.#source, '')"],
      [
        'return readings.pin(\n      this.#source,\n      call.key,',
        "return readings.pin(\n      this.#source,\n      '',",
      ],
    ],
  },
  {
    name: 'no ownership on cleanup: a flight that ends takes another one out',
    file: 'src/core/flight.ts',
    edits: [['if (index === -1) return', '']],
  },
  {
    name: 'output not pinned',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['return call.pins.outputs.pin(this, call.key, outcome)', 'return outcome']],
  },
  {
    name: 'version not pinned',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['if (pinned !== undefined) return pinned.outcome\n    return readings', 'return readings']],
  },
  {
    name: 'pin set after the first await',
    file: 'src/core/pins.ts',
    edits: [
      ['          pin.settled = value\n', '          pin.settled = value\n          this.#of(owner).set(key, pin)\n'],
      [
        '    this.#of(owner).set(key, pin)\n    return',
        '    if (!(outcome instanceof Promise)) this.#of(owner).set(key, pin)\n    return',
      ],
    ],
  },
  {
    name: 'failed pin kept',
    file: 'src/core/pins.ts',
    edits: [['if (this.get(owner, key) === pin) this.drop(owner, key)', '']],
  },
  {
    name: 'a failure unpins what came after it',
    file: 'src/core/pins.ts',
    edits: [['if (this.get(owner, key) === pin) this.drop', 'this.drop']],
  },
  {
    name: 'TTL from the end of the load',
    file: 'src/core/versioned-lru-cache.ts',
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
  },
  {
    name: 'served at the very end of the TTL',
    file: 'src/core/entry.ts',
    edits: [['now >= entry.expiresAt', 'now > entry.expiresAt']],
  },
  {
    name: 'kept for longer by a clock that goes back',
    file: 'src/core/entry.ts',
    edits: [[' || now < entry.readAt', '']],
  },
  {
    name: 'keys through JSON',
    file: 'src/core/key.ts',
    edits: [["return WRITTEN + new Writer().list('argument ', args)", 'return WRITTEN + JSON.stringify(args)']],
  },
  {
    name: '-0 is 0',
    file: 'src/core/key.ts',
    edits: [['return !Object.is(value, -0) //', 'return true //']],
  },
  {
    name: 'strings not escaped in keys',
    file: 'src/core/key.ts',
    edits: [["value.includes('\"') || value.includes('\\\\')", 'false']],
  },
  {
    name: 'errors kept: a flight that failed can still be joined',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['this.#counters.loadErrors++\n    this.#flights.end(flight)', 'this.#counters.loadErrors++']],
  },
  {
    name: 'undefined not kept',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['if (keepable) this', 'if (keepable && output !== undefined) this']],
  },
  {
    name: 'invalidate leaves the flight joinable',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['this.#flights.ground(call.key)\n    return this.#entries.delete', 'return this.#entries.delete']],
  },
  {
    name: 'invalidate lets a running load land',
    file: 'src/core/flight.ts',
    edits: [['for (const flight of this.#byKey.get(key) ?? []) flight.lands = false\n', '']],
  },
  {
    name: 'clear forgets the flights',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['this.#flights.groundAll()', '']],
  },
  {
    name: 'a writer does not read its own write',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [
      [
        '    this.#unpin(call)\n    this.#flights.ground(call.key)\n    return this.#entries',
        '    this.#flights.ground(call.key)\n    return this.#entries',
      ],
    ],
  },
  {
    name: 'invalidate unpins the output, but goes by the old version',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['    call.pins.readings.drop(this.#source, call.key)\n', '']],
  },
  {
    name: 'refresh joins a load that began before it',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['    this.#flights.ground(call.key)\n    return this.#pin', '    return this.#pin']],
  },
  {
    name: 'older overwrites newer',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [[' || (kept !== undefined && kept.order > flight.reading.order)', '']],
  },
  {
    name: 'an older flight lands after a newer output that has been evicted',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['    this.#flights.overtake(key, reading.order)\n', '']],
  },
  {
    name: 'an output that cannot be kept leaves the older one in place',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['    this.#entries.delete(key) // it is older', '    // it is older']],
  },
  {
    name: 'the output is published before its slot is free',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [
      [
        '    this.#flights.end(flight)\n    const kept',
        '    setImmediate(() => this.#flights.end(flight))\n    const kept',
      ],
    ],
  },
  {
    name: 'LRU touch missing',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['    this.#entries.touch(entry)\n', '']],
  },
  {
    name: 'LRU evicts the newest',
    file: 'src/core/lru.ts',
    edits: [['const oldest = this.#oldest as Node', 'const oldest = this.#newest as Node']],
  },
  {
    name: 'total size not given back',
    file: 'src/core/lru.ts',
    edits: [['this.#totalSize -= node.size', '']],
  },
  {
    name: 'size not bounded',
    file: 'src/core/lru.ts',
    edits: [[' || this.#totalSize > this.#limits.maxSize', '']],
  },
  {
    name: 'a load that needs itself hangs',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['if (flight.outcome === undefined) throw this.#cycle(call)', '']],
  },
  {
    name: 'a sync output behind a promise is given bare',
    file: 'src/core/versioned-lru-cache.ts',
    edits: [['return entry.async ? Promise.resolve(entry.output) : entry.output', 'return entry.output']],
  },
  {
    name: 'a shared check runs in the context of nobody who asked',
    file: 'src/core/version.ts',
    edits: [
      [
        'running.next ??= running.ended.then(() => this.#run(key, read))',
        'running.next ??= new Promise((resolve) => { running.wake = () => resolve(this.#run(key, read)) })',
      ],
      [
        'if (running.next === undefined) this.#running.delete(key)',
        'if (running.next === undefined) this.#running.delete(key); else running.wake()',
      ],
    ],
  },
  {
    name: 'instances share a cache',
    file: 'src/core/decorator.ts',
    edits: [
      ['let cache = caches.get(instance)', 'let cache = caches.get(settings)'],
      ['caches.set(instance, cache)', 'caches.set(settings, cache)'],
    ],
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
  },
  {
    name: 'a session is kept without being asked whether it holds',
    file: 'src/core/session.ts',
    edits: [['if (read(holder) !== session) throw cannotKeep(holder)', '']],
  },
]
