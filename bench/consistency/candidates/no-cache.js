/** Every read loads: what the others are to be measured against. */
export default {
  name: 'no cache',
  how: 'every read loads',
  make: ({ load }) => ({ read: load, invalidate() {} }),
}
